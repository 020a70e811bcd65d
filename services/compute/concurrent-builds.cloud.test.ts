import { Cloud } from '@mini-nova/services-testing/cloud';
import { expect, test, vi } from 'vitest';

/** Holds the driver's spawns until they are told to go on, and counts them. */
function holdSpawns(cloud: Cloud) {
  const { driver } = cloud.computes.get('host1') ?? {};
  if (driver === undefined) throw new Error('there is no host1');
  const spawn = driver.spawn.bind(driver);
  const held: (() => void)[] = [];
  let running = 0;
  let most = 0;
  driver.spawn = async (...args) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => held.push(resolve));
    await spawn(...args);
    running -= 1;
  };
  return { held, letGo: () => held.shift()?.(), most: () => most };
}

const EVENTUALLY = { interval: 10 };

test('a compute builds no more at once than its limit allows, and in the end builds all', async () => {
  const settings = { 'DEFAULT.max_concurrent_builds': 2 };
  const cloud = await Cloud.start({ hosts: { host1: {} }, settings });
  const spawns = holdSpawns(cloud);
  const uuids = await cloud.boot({ count: 6 });
  for (let left = 6; left > 0; left -= 1) {
    await vi.waitFor(() => expect(spawns.held).toHaveLength(Math.min(left, 2)), EVENTUALLY);
    spawns.letGo();
  }
  const instances = await Promise.all(uuids.map((uuid) => cloud.settled(uuid)));
  expect(instances.map(({ vm_state }) => vm_state)).toEqual(uuids.map(() => 'active'));
  expect(spawns.most()).toBe(2);
});

test('a build that waits for its turn shows progress in its record', async () => {
  const settings = { 'DEFAULT.max_concurrent_builds': 1, 'DEFAULT.instance_build_timeout': 0.1 };
  const cloud = await Cloud.start({ hosts: { host1: {} }, settings });
  const spawns = holdSpawns(cloud);
  const uuids = await cloud.boot({ count: 2 });
  await vi.waitFor(() => expect(spawns.held).toHaveLength(1), EVENTUALLY);
  const waiting = await vi.waitFor(async () => {
    const instances = await Promise.all(uuids.map((uuid) => cloud.instances.getByUuid(uuid)));
    const found = instances.find(({ task_state }) => task_state === 'scheduling');
    expect(found).toBeDefined();
    return found;
  }, EVENTUALLY);
  const uuid = waiting?.uuid ?? '';
  const changedAt = async () => (await cloud.instances.getByUuid(uuid)).updated_at?.getTime() ?? 0;
  for (let n = 0; n < 2; n += 1) {
    const before = await changedAt();
    await vi.waitFor(async () => expect(await changedAt()).toBeGreaterThan(before), EVENTUALLY);
  }
  for (let n = 0; n < 2; n += 1) {
    await vi.waitFor(() => expect(spawns.held.length).toBeGreaterThan(0), EVENTUALLY);
    spawns.letGo();
  }
  expect((await cloud.settled(uuid)).vm_state).toBe('active');
});
