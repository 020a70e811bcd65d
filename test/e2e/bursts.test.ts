import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Deployment, printOutputOnFailure, type ServerJson } from './support/deployment.ts';

let cloud: Deployment;

/** Of m1.tiny, which needs 512 MiB each; as much again is reserved for the host. */
const room = (servers: number) => ({ OS_FAKE__MEMORY_MB: String((servers + 1) * 512) });

// 21 places, two schedulers, and little patience for an answer.
beforeAll(async () => {
  cloud = await Deployment.start({
    database: 'postgresql',
    env: { OS_DEFAULT__RPC_RESPONSE_TIMEOUT: '20' },
    computes: { 'host-a': room(11), 'host-b': room(10) },
  });
  const database = ['--database-connection', cloud.databaseUrl];
  await cloud.startDaemon('scheduler-2', 'nova-scheduler', ['--host', 'scheduler-2', ...database]);
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

async function boot(name: string, count: number): Promise<void> {
  const counts = ['--min-count', String(count), '--max-count', String(count)];
  await cloud.nova('boot', '--flavor', 'm1.tiny', '--image', 'cirros', ...counts, name);
}

/** The number of servers of each name and status, once none is being built. */
async function settled(): Promise<Record<string, number>> {
  return vi.waitFor(
    async () => {
      const servers = await cloud.nova<ServerJson[]>('list');
      expect(servers.filter(({ status }) => status === 'BUILD')).toEqual([]);
      const counts: Record<string, number> = {};
      for (const { name, status } of servers) {
        const key = `${name.replace(/-\d+$/, '')} ${status}`;
        counts[key] = (counts[key] ?? 0) + 1;
      }
      return counts;
    },
    { timeout: 150_000, interval: 1000 },
  );
}

async function deleteAll(): Promise<void> {
  const servers = await cloud.nova<ServerJson[]>('list');
  await cloud.run('delete', ...servers.map(({ id }) => id));
  await vi.waitFor(async () => expect(await cloud.database.consumers()).toEqual([]), {
    timeout: 100_000,
    interval: 500,
  });
}

test('of two requests for 20 servers at 21 places, exactly one is served, as a whole', async () => {
  await Promise.all([boot('one', 20), boot('other', 20)]);

  const counts = await settled();

  expect([
    { 'one ACTIVE': 20, 'other ERROR': 20 },
    { 'one ERROR': 20, 'other ACTIVE': 20 },
  ]).toContainEqual(counts);
  expect(await cloud.database.consumers()).toHaveLength(20);
  await deleteAll();
});

test('requests that fill every place one by one are all served', async () => {
  await Promise.all(Array.from({ length: 7 }, (_, n) => boot(`burst${n}`, 3)));

  const counts = await settled();

  expect(Object.entries(counts).map(([name, count]) => [name.split(' ')[1], count])).toEqual(
    Array.from({ length: 7 }, () => ['ACTIVE', 3]),
  );
  expect(await cloud.database.consumers()).toHaveLength(21);
});
