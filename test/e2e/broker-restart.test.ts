import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment, printOutputOnFailure, type ServerJson } from './support/deployment.ts';

const HOSTS = ['host-a', 'host-b'];
const RECONNECT = { interval: 1000 };

let cloud: Deployment;

beforeAll(async () => {
  cloud = await Deployment.start({
    env: {
      OS_DEFAULT__RPC_RESPONSE_TIMEOUT: '8',
      OS_DEFAULT__INSTANCE_BUILD_TIMEOUT: '20',
      OS_OSLO_MESSAGING_RABBIT__RABBIT_INTERVAL_MAX: '2',
      OS_FAKE__SPAWN_DELAY: '3',
    },
  });
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

/** The queues that servers of every daemon consume: topic, and topic.server. */
const SERVER_QUEUES = [
  ...['compute', ...HOSTS.map((host) => `compute.${host}`)],
  ...['conductor', 'conductor.conductor', 'scheduler', 'scheduler.scheduler'],
];

async function consumedQueues(): Promise<string[]> {
  const consumers = await cloud.rabbit.listConsumers();
  return [...new Set(consumers.map(({ queue }) => queue))];
}

async function expectAllConsumersBack(): Promise<void> {
  await expect.poll(consumedQueues, RECONNECT).toEqual(expect.arrayContaining(SERVER_QUEUES));
}

async function killAndStartBroker(downSeconds: number): Promise<void> {
  await cloud.rabbit.kill();
  await sleep(downSeconds * 1000); // the fault itself: the broker is away
  await cloud.rabbit.start();
}

function allRunning(): boolean {
  return [...cloud.daemons.values()].every((daemon) => daemon.running);
}

test('while nothing runs: every daemon reconnects by itself and the next boot works', async () => {
  await killAndStartBroker(2);
  await expectAllConsumersBack();
  expect(allRunning()).toBe(true);
  expect(await cloud.boot('after-idle-restart')).toMatchObject({ status: 'ACTIVE' });
  await cloud.nova('delete', '--poll', 'after-idle-restart');
});

test('while 20 boots are in flight: each ends ACTIVE or ERROR with a fault, and only ACTIVE ones hold allocations', async () => {
  const [image] = await cloud.nova<{ id: string }[]>('image-list');
  const bootFive = async (batch: number): Promise<void> => {
    const { status } = await fetch(`${cloud.endpoint}/servers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        server: {
          name: `batch-${batch}`,
          imageRef: image?.id,
          flavorRef: '1',
          min_count: 5,
          max_count: 5,
        },
      }),
    });
    expect(status).toBe(202);
  };
  const states = async (): Promise<(string | null)[]> => {
    const answer = await fetch(`${cloud.endpoint}/servers/detail`);
    const { servers } = (await answer.json()) as { servers: ServerJson[] };
    return servers.map((server) => server['OS-EXT-STS:task_state']);
  };
  // A spawn takes three seconds; otherwise, on a busy machine, it would be over before programs have booted and
  // checked.
  await Promise.all([
    ...[1, 2, 3, 4].map(bootFive),
    expect.poll(states, { interval: 50 }).toContain('spawning'),
  ]);

  await killAndStartBroker(3);

  const unfinished = async (): Promise<string[]> => {
    const servers = await cloud.nova<ServerJson[]>('list');
    expect(servers).toHaveLength(20);
    const open = servers.filter(({ status }) => status !== 'ACTIVE' && status !== 'ERROR');
    return open.map(({ id, status }) => `${id} ${status}`);
  };
  await expect.poll(unfinished, { interval: 1000 }).toEqual([]);

  const servers = await cloud.nova<ServerJson[]>('list');
  const failed = servers.filter(({ status }) => status === 'ERROR');
  for (const { id } of failed) {
    expect((await cloud.show(id)).fault?.message, `fault of ${id}`).toMatch(/\S/);
  }
  const active = servers.filter(({ status }) => status === 'ACTIVE').map(({ id }) => id);
  await expect.poll(() => cloud.database.consumers(), { interval: 1000 }).toEqual(active.sort());
  for (const id of active) expect(await cloud.database.hostsHolding(id)).toHaveLength(1);
});

test('after that the next boot works, and everything can be deleted', async () => {
  await expectAllConsumersBack();
  expect(allRunning()).toBe(true);
  expect(await cloud.boot('after-restart')).toMatchObject({ status: 'ACTIVE' });
  const servers = await cloud.nova<ServerJson[]>('list');
  await cloud.nova('delete', '--poll', ...servers.map(({ id }) => id));
  await expect.poll(() => cloud.database.consumers()).toEqual([]);
});
