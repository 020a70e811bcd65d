import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Deployment, printOutputOnFailure } from './support/deployment.ts';

let cloud: Deployment;

beforeAll(async () => {
  cloud = await Deployment.start();
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

/** The number of consumers of each queue; fanout and reply queues are counted by purpose. */
async function consumers(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { queue } of await cloud.rabbit.listConsumers()) {
    const name = queue.replace(/_fanout_.*/, '_fanout').replace(/^reply_.*/, 'replies');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

async function terminate(name: string): Promise<void> {
  const { code } = await cloud.daemon(name).stop('SIGTERM');
  expect(code, cloud.daemon(name).output).toBe(0);
}

test('SIGTERM to a compute: exit code 0, its consumers gone, the other compute still served', async () => {
  await cloud.boot('first');
  // A daemon has a reply queue from its first call, or heartbeat, on; nova-api, which only casts, has none.
  await expect.poll(async () => (await consumers()).replies).toBe(4);
  const before = await consumers();
  expect(before).toMatchObject({ compute: 2, compute_fanout: 2, 'compute.host-a': 1, 'compute.host-b': 1 });
  await terminate('host-a');
  // The broker may notice only after its end.
  await vi.waitFor(async () => {
    const { replies = 0, ...after } = await consumers();
    expect(after).toMatchObject({ compute: 1, compute_fanout: 1, 'compute.host-b': 1 });
    expect(after).not.toHaveProperty(['compute.host-a']);
    expect(replies).toBe((before.replies ?? 0) - 1);
  });
});

test('SIGTERM to each other daemon: exit code 0, and no consumer is left in the end', async () => {
  await terminate('nova-api');
  await terminate('host-b');
  await terminate('nova-scheduler');
  const remaining = async () => Object.keys(await consumers());
  await expect
    .poll(async () => (await remaining()).filter((queue) => /^(compute|scheduler)/.test(queue)))
    .toEqual([]);
  await terminate('nova-conductor');
  await expect.poll(consumers).toEqual({});
});
