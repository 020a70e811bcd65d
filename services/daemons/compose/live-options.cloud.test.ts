import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LiveConfig } from '@mini-nova/config';
import { cloudSources, runCloud } from '@mini-nova/services-testing/cloud-fixture';
import { nova } from '@mini-nova/services-testing/run-nova';
import { tempDir } from '@mini-nova/testing';
import { expect, onTestFinished, test } from 'vitest';

interface Report {
  heartbeat: { interval: number };
  periodic_tasks: Record<string, { spacing: number; enabled: boolean }>;
}

/** A cloud whose options can change as by SIGHUP: these are the first. */
async function changeableCloud(options: Record<string, string>) {
  const file = join(tempDir(), 'nova.conf');
  const write = (values: Record<string, string>) => {
    const lines = Object.entries(values).map(([path, value]) => {
      const [group, option] = path.split('.');
      return `[${group}]\n${option} = ${value}\n`;
    });
    writeFileSync(file, lines.join(''));
  };
  write(options);
  const live = LiveConfig.load({ ...cloudSources(), configFiles: [file] });
  const cloud = await runCloud(live.values, ['host1']);
  onTestFinished(() => cloud.stop());
  return {
    ...cloud,
    nova: (...args: string[]) => nova(cloud.endpoint, args),
    report(name: string): Report {
      const service = cloud.services.find((one) => one.name === name);
      return service?.report?.() as unknown as Report;
    },
    async change(values: Record<string, string>) {
      write(values);
      live.reload();
      for (const service of cloud.services) await service.reset?.();
    },
  };
}

test('the API takes over a changed size of lists and a changed time until a service is down', async () => {
  const cloud = await changeableCloud({
    'DEFAULT.osapi_max_limit': '1',
    'DEFAULT.service_down_time': '600',
  });
  const boot = ['boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll'];
  for (const name of ['one', 'two']) expect(await cloud.nova(...boot, name)).toMatchObject({ code: 0 });
  const page = async () =>
    (await (await fetch(`${cloud.endpoint}/servers`)).json()) as { servers: unknown[] };
  expect((await page()).servers).toHaveLength(1);
  const states = async () => {
    const services: { state: string }[] = (await cloud.nova('service-list', '--json')).json();
    return new Set(services.map(({ state }) => state));
  };
  expect(await states()).toEqual(new Set(['up']));

  await cloud.change({ 'DEFAULT.osapi_max_limit': '2', 'DEFAULT.service_down_time': '0.1' });

  expect((await page()).servers).toHaveLength(2);
  await expect.poll(states).toEqual(new Set(['down']));
});

test('sweeps and reports are turned off and on, and run at the changed interval', async () => {
  const cloud = await changeableCloud({ 'DEFAULT.instance_build_timeout': '0' });
  const sweeps = () => {
    const { periodic_tasks } = cloud.report('nova-conductor');
    return Object.fromEntries(Object.entries(periodic_tasks).map(([name, { enabled }]) => [name, enabled]));
  };
  const off = {
    end_stuck_builds: false,
    finish_stuck_deletions: true,
    finish_stuck_power_changes: true,
    correct_impossible_states: true,
    release_orphaned_allocations: true,
    release_orphaned_ports: true,
  };
  expect(sweeps()).toEqual(off);
  expect(cloud.report('nova-compute').periodic_tasks).toMatchObject({
    update_available_resource: { spacing: 60, enabled: true },
  });

  await cloud.change({
    'DEFAULT.instance_build_timeout': '6',
    'DEFAULT.update_resources_interval': '-1',
    'DEFAULT.report_interval': '3',
  });
  expect(Object.values(sweeps())).toEqual([true, true, true, true, true, true]);
  expect(cloud.report('nova-conductor').periodic_tasks).toMatchObject({ end_stuck_builds: { spacing: 2 } });
  expect(cloud.report('nova-compute').periodic_tasks).toMatchObject({
    update_available_resource: { enabled: false },
  });
  for (const { name } of cloud.services.filter(({ report }) => report)) {
    expect(cloud.report(name).heartbeat.interval, name).toBe(3);
  }

  await cloud.change({ 'DEFAULT.instance_build_timeout': '0' });
  expect(sweeps()).toEqual(off);
});

test('a failed build tries as many hosts as are configured then, and drivers follow changed options', async () => {
  const cloud = await changeableCloud({ 'fake.fail_spawn': 'true' });
  const boot = (name: string) =>
    cloud.nova('boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll', name);
  expect(await boot('one')).toMatchObject({ code: 1, err: expect.stringMatching(/Exhausted all hosts/) });

  await cloud.change({ 'fake.fail_spawn': 'true', 'scheduler.max_attempts': '1' });
  expect(await boot('two')).toMatchObject({ code: 1, err: expect.stringMatching(/told to fail this spawn/) });

  await cloud.change({ 'fake.fail_spawn': 'false' });
  expect(await boot('three')).toMatchObject({ code: 0 });
});
