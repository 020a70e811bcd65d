import { runCommand } from '@mini-nova/testing';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { Deployment, printOutputOnFailure } from './support/deployment.ts';

interface ServiceJson {
  binary: string;
  host: string;
  state: 'up' | 'down';
  updated_at: string;
}

interface PingJson {
  host: string;
  answer: string;
  backdoor_port: number | null;
}

let cloud: Deployment;

beforeAll(async () => {
  // So long that no compute is shown as down for want of heartbeats.
  cloud = await Deployment.start({
    env: { OS_DEFAULT__SERVICE_DOWN_TIME: '600' },
    computes: { 'host-a': {}, 'host-b': { OS_OBSERVABILITY__PORT: '0' } },
  });
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

async function shown(host: string): Promise<ServiceJson | undefined> {
  const services = await cloud.nova<ServiceJson[]>('service-list', '--host', host);
  return services.find(({ binary }) => binary === 'nova-compute');
}

async function ping(...args: string[]) {
  const { code, stdout, stderr } = await runCommand('nova-manage', [
    ...['--database-connection', cloud.databaseUrl, '--transport-url', cloud.rabbit.url],
    ...['service', 'ping', '--json', ...args],
  ]);
  return { code, stderr, results: JSON.parse(stdout) as PingJson[] };
}

test('a compute that stops in an orderly way is down at once and gets no servers, and is up as soon as it starts', async () => {
  const before = Date.now();
  expect(await cloud.daemon('host-a').stop('SIGTERM')).toMatchObject({ code: 0 });

  // Its message may reach the conductor only after its end; nothing else shows it as down within 600 s.
  const stopped = await vi.waitFor(async () => {
    const service = await shown('host-a');
    expect(service).toMatchObject({ state: 'down' });
    return service;
  });
  // The time of its stop is shown, to the second.
  expect(Date.parse(`${stopped?.updated_at}Z`)).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
  for (const name of ['one', 'two', 'three']) {
    expect(await cloud.boot(name)).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'host-b' });
  }
  const forced = await cloud
    .boot('four', '--availability-zone', 'nova:host-a')
    .catch((error: Error) => error);
  expect(forced).toBeInstanceOf(Error);

  await cloud.startDaemon('host-a', 'nova-compute', ['--host', 'host-a']);
  await cloud.daemon('host-a').waitForLine(/Service started/);
  expect(await shown('host-a')).toMatchObject({ state: 'up' });
  expect(await cloud.boot('five')).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'host-a' });
});

test('nova-manage service ping hears from every daemon, and reports one that was killed', async () => {
  // It ends as soon as all have answered.
  const all = await ping('--timeout', '60');
  expect(all).toMatchObject({ code: 0, stderr: '' });
  const answers = all.results.map(({ host, answer }) => `${host} ${answer}`).sort();
  expect(answers).toEqual(['api no RPC', 'conductor yes', 'host-a yes', 'host-b yes', 'scheduler yes']);
  const [port] = all.results
    .filter(({ host }) => host === 'host-b')
    .map(({ backdoor_port }) => backdoor_port);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);

  await cloud.daemon('host-a').kill();
  // Only that one is asked, since two seconds may not be enough for the others.
  expect(await ping('--host', 'host-a', '--timeout', '2')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('No answer from nova-compute on host-a.'),
  });
  expect(await ping('--host', 'host-b', '--timeout', '60')).toMatchObject({
    code: 0,
    results: [{ answer: 'yes' }],
  });
});

test('an API that is told to stop cuts a request at the graceful time-out, names it and exits 1', async () => {
  await cloud.daemon('nova-api').stop();
  const { port } = new URL(cloud.endpoint);
  await cloud.startDaemon(
    'nova-api',
    'nova-api',
    ['--host', 'api', '--port', port, '--database-connection', cloud.databaseUrl],
    { OS_DEFAULT__GRACEFUL_SHUTDOWN_TIMEOUT: '1' },
  );
  const api = cloud.daemon('nova-api');
  await api.waitForLine(/API listening/);
  const { id } = await cloud.show('one');
  // Its compute exists but does not answer, so the call waits. A call to a killed one would end on its own.
  process.kill(cloud.daemon('host-b').pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(cloud.daemon('host-b').pid, 'SIGCONT'));
  const waiting = async () => {
    const queues = await cloud.rabbit.listQueues();
    return queues.find(({ name }) => name === 'compute.host-b')?.messages ?? 0;
  };
  // It pings itself now and then.
  const before = await waiting();
  const hanging = fetch(`${cloud.endpoint}/servers/${id}/action`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ 'os-getConsoleOutput': {} }),
  }).then(
    ({ status }) => status,
    () => 'cut',
  );
  await expect.poll(waiting).toBeGreaterThan(before);

  const { code } = await api.stop('SIGTERM');

  expect({ code, answer: await hanging }).toEqual({ code: 1, answer: 'cut' });
  expect(api.output).toMatch(
    new RegExp(`"method":"POST","url":"/v2.1/servers/${id}/action","request_id":"req-.*Cut requests`),
  );
});
