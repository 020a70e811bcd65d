import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment, printOutputOnFailure, type ServerJson } from './support/deployment.ts';

let cloud: Deployment;
const folder = tempDir();

beforeAll(async () => {
  cloud = await Deployment.start({ computes: {} });
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

/** Starts a daemon with a file, and returns a function that changes the file and has the daemon read it again. */
async function started(
  name: string,
  bin: string,
  args: string[],
  text: string,
): Promise<(changed: string) => Promise<void>> {
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, text);
  await cloud.startDaemon(name, bin, [...args, '--config-file', file]);
  const daemon = cloud.daemon(name);
  await daemon.waitForLine(/Service started|API listening/);
  let reloads = 0;
  return async (changed) => {
    writeFileSync(file, changed);
    process.kill(daemon.pid, 'SIGHUP');
    reloads += 1;
    await expect.poll(() => daemon.output.match(/"Reloaded"/g)?.length ?? 0).toBe(reloads);
  };
}

async function bootOf(name: string): Promise<Pick<ServerJson, 'status'>> {
  const { code } = await cloud.run('boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll', name);
  const server = await cloud.show(name);
  expect(code).toBe(server.status === 'ACTIVE' ? 0 : 1);
  return server;
}

test('SIGHUP changes what a compute does, and logs it', async () => {
  const reload = await started('host-a', 'nova-compute', ['--host', 'host-a'], '[fake]\nfail_spawn = true\n');
  expect(await bootOf('before')).toMatchObject({ status: 'ERROR' });

  await reload(
    '[DEFAULT]\ndebug = true\ncompute_driver = fake.FakeDriver\n[fake]\nfail_spawn = false\nvcpus = 4\n',
  );

  expect(await bootOf('after')).toMatchObject({ status: 'ACTIVE' });
  const lines = cloud.logLines();
  expect(lines).toContainEqual(
    expect.objectContaining({
      msg: 'Option changed',
      option: '[fake] fail_spawn',
      from: 'true',
      to: 'false',
    }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({
      msg: 'Option changed in the file only: it needs a restart',
      option: '[fake] vcpus',
    }),
  );
  expect(lines.some(({ level, msg }) => level === 'debug' && msg === 'RPC served')).toBe(true);
});

test('SIGHUP changes the filters of a scheduler, and a file that is wrong changes nothing', async () => {
  await cloud.daemon('nova-scheduler').stop();
  const common = `[database]\nconnection = ${cloud.databaseUrl}\n[filter_scheduler]\n`;
  const reload = await started(
    'nova-scheduler',
    'nova-scheduler',
    ['--host', 'scheduler'],
    `${common}enabled_filters = ComputeFilter\n`,
  );
  await cloud.nova('service-disable', 'host-a');
  expect(await bootOf('refused')).toMatchObject({ status: 'ERROR' });

  const { output } = cloud.daemon('nova-scheduler');
  writeFileSync(join(folder, 'nova-scheduler.conf'), `${common}enabled_filters = NoSuchFilter\n`);
  process.kill(cloud.daemon('nova-scheduler').pid, 'SIGHUP');
  await expect
    .poll(() => cloud.daemon('nova-scheduler').output.slice(output.length))
    .toContain('nothing has changed');
  expect(await bootOf('still-refused')).toMatchObject({ status: 'ERROR' });

  await reload(`${common}enabled_filters = VCpuFilter\n`);
  expect(await bootOf('taken')).toMatchObject({ status: 'ACTIVE' });
});

test('SIGHUP with restart_method reload makes the API anew, and every option is read', async () => {
  await cloud.daemon('nova-api').stop();
  const { port } = new URL(cloud.endpoint);
  const common = `[database]\nconnection = ${cloud.databaseUrl}\n[DEFAULT]\nrestart_method = reload\n`;
  const reload = await started('nova-api', 'nova-api', ['--host', 'api', '--port', port], common);
  const zone = async () => {
    const services = await cloud.nova<{ zone: string }[]>('service-list', '--host', 'host-a');
    return services[0]?.zone;
  };
  expect(await zone()).toBe('nova');
  await reload(`${common}default_availability_zone = berlin\n`);
  expect(await zone()).toBe('berlin');
  expect(await cloud.daemon('nova-api').stop('SIGTERM')).toMatchObject({ code: 0 });
});
