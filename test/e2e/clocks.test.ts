import { freePort, runCommand, wrongClock } from '@mini-nova/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment, printOutputOnFailure } from './support/deployment.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const APART = [1.5, 2.5, HOUR, DAY].flatMap((seconds) => [-seconds, seconds]);
// So short that a call whose deadline depended on two clocks would have no time left.
const SHORT = { OS_DEFAULT__RPC_RESPONSE_TIMEOUT: '20' };

/** What `nova-manage service list` prints. */
async function managedList({ databaseUrl }: Deployment): Promise<string> {
  const args = ['--database-connection', databaseUrl, 'service', 'list'];
  return (await runCommand('nova-manage', args, { env: {} })).stdout;
}

describe('computes whose clocks are wrong', () => {
  const ports = new Map<number, number>();
  let cloud: Deployment;

  beforeAll(async () => {
    const computes: Record<string, Record<string, string>> = {};
    for (const apart of APART) {
      const port = await freePort();
      ports.set(apart, port);
      const clock = await wrongClock(apart, { monotonic: true });
      computes[`host${apart}`] = { ...clock, OS_OBSERVABILITY__PORT: String(port) };
    }
    cloud = await Deployment.start({ database: 'postgresql', env: SHORT, computes });
  });
  afterAll(() => cloud?.close());
  printOutputOnFailure(() => cloud);

  test('start, are up, boot and delete', async () => {
    const hosts = APART.map((apart) => `host${apart}`);
    const all = String(hosts.length);
    const boot = ['boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll'];
    const result = await cloud.nova<{ servers: { id: string; status: string }[] }>(
      ...[...boot, '--min-count', all, '--max-count', all, 'server'],
    );
    const servers = await Promise.all(result.servers.map(({ id }) => cloud.show(id)));
    expect(servers.map(({ status }) => status)).toEqual(hosts.map(() => 'ACTIVE'));
    expect(servers.map((server) => server['OS-EXT-SRV-ATTR:host']).sort()).toEqual([...hosts].sort());

    await cloud.nova('delete', '--poll', ...servers.map(({ id }) => id));
    const up = await cloud.servicesUp();
    expect(up).toEqual(expect.arrayContaining(hosts.map((host) => `nova-compute@${host}`)));
  });

  test.each(APART)('by %d s are shown by the API, the readiness and the metrics', async (apart) => {
    // Answers are in whole seconds, so it takes several until a second and a half is beyond doubt.
    const shown = async () => (await cloud.clockSkews())[`host${apart}`] ?? 0;
    await expect.poll(shown).toSatisfy((skew: number) => Math.abs(skew - apart) < 0.6);
    const url = `http://127.0.0.1:${ports.get(apart)}`;
    const readiness = await fetch(`${url}/readyz`);
    expect(readiness.status).toBe(200);
    expect(await readiness.json()).toMatchObject({
      checks: { clock: { ok: true, remark: expect.stringContaining(apart < 0 ? 'behind' : 'ahead') } },
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^nova_service_clock_skew_seconds -?[\d.]+$/m);
  });

  test('are named in the lists of services', async () => {
    // On a busy machine a comparison may be off by more, until the next.
    const list = async () => (await cloud.run('service-list')).stdout;
    await expect.poll(list).toMatch(/nova-compute +\| host-3600 .*3(600|599)\.\d s behind/);
    await expect
      .poll(() => managedList(cloud))
      .toMatch(/nova-compute +\| host86400 .*86(400|399)\.\d s ahead/);
  });
});

describe('a control plane whose clocks are all wrong', () => {
  let cloud: Deployment;

  beforeAll(async () => {
    cloud = await Deployment.start({
      database: 'postgresql',
      env: { ...SHORT, OS_DEFAULT__INSTANCE_BUILD_TIMEOUT: '20' },
      daemons: {
        'nova-conductor': await wrongClock(HOUR, { monotonic: true }),
        'nova-scheduler': await wrongClock(-DAY, { monotonic: true }),
        'nova-api': await wrongClock(-2.5, { monotonic: true }),
      },
      computes: { 'host-a': {} },
    });
  });
  afterAll(() => cloud?.close());
  printOutputOnFailure(() => cloud);

  test('boots, and its sweeps mistake nothing young for old', async () => {
    const servers = await Promise.all(['one', 'two', 'three'].map((name) => cloud.boot(name)));
    expect(servers.map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
    expect(await cloud.database.consumers()).toEqual(servers.map(({ id }) => id).sort());
  });

  test('is up, and shows by how much', async () => {
    await expect
      .poll(() => cloud.clockSkews())
      .toEqual({ conductor: expect.closeTo(HOUR, 0), scheduler: expect.closeTo(-DAY, 0) });
    // The list of the REST API has no API services.
    await expect.poll(() => managedList(cloud)).toMatch(/nova-osapi_compute +\| api .*[23]\.\d s behind/);
    const up = await cloud.servicesUp();
    expect(up).toEqual(expect.arrayContaining(['nova-compute@host-a', 'nova-conductor@conductor']));
    expect(up).toContain('nova-scheduler@scheduler');
  });

  test('dates the records by the clock of the database', async () => {
    const { created } = await cloud.nova<{ created: string }>('show', 'one');
    expect(Math.abs(Date.parse(created) - Date.now())).toBeLessThan(10 * 60_000);
  });
});
