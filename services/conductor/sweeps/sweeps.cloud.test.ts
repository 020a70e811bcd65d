import type { Database } from '@mini-nova/data/database';
import { type Logger, silentLogger } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { failSaves } from '@mini-nova/services-testing/failing-saves';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { describe, expect, it, vi } from 'vitest';
import { RecordingLogger } from '../../../packages/service/test/recording-logger.ts';
import { Presence } from '../presence.ts';
import { conductorSweeps } from './index.ts';

const TIMEOUT = 300;

function sweepsOf(
  cloud: Cloud,
  timeout = TIMEOUT,
  logger: Logger = silentLogger,
  presence = new Presence({ db: cloud.db }),
) {
  const { db, instances, services, compute } = cloud;
  return conductorSweeps({
    db,
    instances,
    services,
    compute,
    config: { instance_build_timeout: timeout, service_down_time: 60 },
    presence,
    logger,
  });
}

/** One round of a conductor's sweeps. */
async function sweep(cloud: Cloud): Promise<void> {
  for (const task of sweepsOf(cloud)) await task.run(RequestContext.admin());
}

/** An instance that was claimed and whose build message was lost. */
async function lostBuild(cloud: Cloud): Promise<string> {
  const instance = await cloud.recordOne();
  await cloud.claim(instance);
  return instance.uuid;
}

it('ends a build without progress in ERROR with a fault, and releases what it held', async () => {
  const cloud = await Cloud.start();
  const uuid = await lostBuild(cloud);
  await cloud.ports.allocate({
    instance_uuid: uuid,
    project_id: 'p1',
    host: 'host1',
    requested_networks: null,
  });
  await cloud.age(uuid, TIMEOUT + 1);

  await sweep(cloud);

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'error', task_state: null });
  expect((await cloud.fault(uuid))?.message).toMatch(
    /no progress for 300 seconds in task_state scheduling on no host/,
  );
  expect(await cloud.allocated()).toBe(0);
  expect(await cloud.ports.list(uuid)).toEqual([]);
});

it('leaves alone a build that has made progress recently', async () => {
  const cloud = await Cloud.start();
  const uuid = await lostBuild(cloud);
  await cloud.age(uuid, TIMEOUT - 60);

  await sweep(cloud);

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({
    vm_state: 'building',
    task_state: 'scheduling',
  });
  expect(await cloud.allocated()).toBe(1);
});

it('makes a compute that is only slow undo its build', async () => {
  const cloud = await Cloud.start({ hosts: { host1: { spawn_delay: 0.3 } } });
  const [uuid = ''] = await cloud.boot();
  await cloud.reaches(uuid, 'spawning');
  await cloud.age(uuid, TIMEOUT + 1);

  await sweep(cloud);
  await cloud.computes.get('host1')?.service.stop();

  const atRest = { vm_state: 'error', task_state: null, host: null, node: null };
  expect(await cloud.instances.getByUuid(uuid)).toMatchObject(atRest);
  expect((await cloud.fault(uuid))?.message).toMatch(/task_state spawning on host host1/);
  expect(await cloud.guests()).toEqual({ host1: [] });
  expect(await cloud.allocated()).toBe(0);
  expect(await cloud.ports.list(uuid)).toEqual([]);
});

it.each([
  ['re-scheduled', 3],
  ['ended', 1],
])('ends a build that is about to be %s by its compute, which leaves the host', async (_how, maxAttempts) => {
  const settings = { 'scheduler.max_attempts': maxAttempts };
  const cloud = await Cloud.start({ hosts: { host1: { fail_spawn: true, spawn_delay: 0.1 } }, settings });
  cloud.driver('host1').destroy = async (_ctxt, { uuid }) => {
    await cloud.age(uuid, TIMEOUT + 1);
    await sweep(cloud);
  };

  const [uuid = ''] = await cloud.boot();

  const left = { vm_state: 'error', task_state: null, host: null, node: null };
  await expect.poll(() => cloud.instances.getByUuid(uuid)).toMatchObject(left);
  expect(await cloud.allocated()).toBe(0);
  // Its compute has nothing to add.
  const faults = await cloud.db.kysely.selectFrom('instance_faults').selectAll().execute();
  expect(faults.map(({ message }) => message)).toEqual([expect.stringContaining('no progress')]);
});

it.each([
  ['is given back by that compute when it finds no guest', false, { host: null }, 0],
  ['stays with the guest that is there', true, { host: 'host1' }, 1],
])('leaves what a build holds on the host that had begun it: it %s', async (_what, hasGuest, left, held) => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const driver = cloud.driver('host1');
  const spawn = driver.spawn.bind(driver);
  driver.spawn = async (...args) => {
    if (hasGuest) await spawn(...args);
    await new Promise(() => {});
  };
  const [uuid = ''] = await cloud.boot();
  await cloud.reaches(uuid, 'spawning');
  await expect.poll(() => driver.listInstanceUuids()).toHaveLength(held);
  await cloud.computes.get('host1')?.service.stop({ quick: true });
  await cloud.age(uuid, TIMEOUT + 1);

  await sweep(cloud);

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'error', host: 'host1' });
  expect(await cloud.allocated()).toBe(1);
  expect(await cloud.ports.list(uuid)).toHaveLength(1);
  await cloud.startCompute('host1', driver);
  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'error', ...left });
  expect(await cloud.allocated()).toBe(held);
  expect(await cloud.ports.list(uuid)).toHaveLength(held);
});

it('may run in several conductors at once', async () => {
  const cloud = await Cloud.start();
  const uuids = [await lostBuild(cloud), await lostBuild(cloud)];
  for (const uuid of uuids) await cloud.age(uuid, TIMEOUT + 1);

  await Promise.all([sweep(cloud), sweep(cloud), sweep(cloud)]);

  for (const uuid of uuids) expect((await cloud.instances.getByUuid(uuid)).vm_state).toBe('error');
  const faults = await cloud.db.kysely.selectFrom('instance_faults').selectAll().execute();
  expect(faults).toHaveLength(2);
});

it('asks the compute again for a deletion without progress', async () => {
  const cloud = await Cloud.start();
  const { uuid } = await cloud.bootActive();
  await cloud.request(uuid, 'deleting');
  await cloud.age(uuid, TIMEOUT + 1);

  await sweep(cloud);

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
  expect(await cloud.guests()).toEqual({ host1: [], host2: [] });
  expect(await cloud.allocated()).toBe(0);
});

it('asks a compute again every half timeout, and takes its silence for no progress', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  await cloud.request(uuid, 'deleting');
  await cloud.age(uuid, TIMEOUT / 2 + 1);
  const { updated_at } = await cloud.instances.getByUuid(uuid);
  // A worker that is replaced still counts as up, but serves nothing.
  await cloud.computes.get('host1')?.service.stop({ replaced: true });
  const asked: string[] = [];
  cloud.compute.terminateInstance = async (_ctxt, { instance }) => void asked.push(instance.uuid);
  const tasks = sweepsOf(cloud);

  for (const task of [...tasks, ...tasks]) await task.run(cloud.ctxt);

  expect(asked).toEqual([uuid]);
  const waiting = { vm_state: 'active', task_state: 'deleting', updated_at };
  expect(await cloud.instances.getByUuid(uuid)).toMatchObject(waiting);
});

it('repeats a failed deletion until it succeeds, and shows the reason meanwhile', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  const driver = cloud.driver('host1');
  const destroy = driver.destroy.bind(driver);
  driver.destroy = () => Promise.reject(new Error('the disk is busy'));
  await cloud.delete(uuid);

  const failed = { vm_state: 'error', task_state: 'deleting', host: 'host1' };
  await expect.poll(() => cloud.instances.getByUuid(uuid)).toMatchObject(failed);
  expect((await cloud.fault(uuid))?.message).toBe('the disk is busy');
  await cloud.age(uuid, TIMEOUT / 2 + 1);
  driver.destroy = destroy;
  await sweep(cloud);

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
  expect(await cloud.guests()).toEqual({ host1: [] });
});

it('finishes a deletion that met one error of the database', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  const succeed = await failSaves(cloud.db, "new.vm_state = 'deleted'");
  await cloud.delete(uuid);
  await expect.poll(async () => (await cloud.fault(uuid))?.message).toContain('the database failed');
  await cloud.computes.get('host1')?.manager.served.terminateInstance(cloud.ctxt, {
    instance: await cloud.instances.getByUuid(uuid),
    bdms: null,
  });
  expect((await cloud.instances.getByUuid(uuid)).task_state).toBe('deleting');

  await succeed();
  await cloud.age(uuid, TIMEOUT / 2 + 1);
  await sweep(cloud);

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
  expect(await cloud.allocated()).toBe(0);
});

it('deletes the instance again when its user asks again after a failure', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  const driver = cloud.driver('host1');
  const destroy = driver.destroy.bind(driver);
  driver.destroy = () => Promise.reject(new Error('the disk is busy'));
  await cloud.delete(uuid);
  await expect.poll(async () => (await cloud.instances.getByUuid(uuid)).vm_state).toBe('error');

  driver.destroy = destroy;
  await cloud.delete(uuid);

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
});

it('finishes a deletion whose compute has stopped', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  await cloud.computes.get('host1')?.service.stop();
  await cloud.request(uuid, 'deleting');
  await cloud.age(uuid, TIMEOUT + 1);

  await sweep(cloud);

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
  expect(await cloud.allocated()).toBe(0);
  expect(await cloud.ports.list(uuid)).toEqual([]);
});

it.each([
  ['powering-off', 'stopped'],
  ['reboot_pending', 'active'],
  ['rebooting_hard', 'active'],
  ['pausing', 'paused'],
  ['unpausing', 'active'],
])('has a lost power operation (%s) carried out', async (taskState, vmState) => {
  const cloud = await Cloud.start();
  const { uuid } = await cloud.bootActive();
  await cloud.request(uuid, taskState);
  await cloud.age(uuid, TIMEOUT / 2 + 1);

  await sweep(cloud);

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: vmState, task_state: null });
  expect(await cloud.fault(uuid)).toBeUndefined();
});

it.each([
  ['powering-off', 'power off'],
  ['pausing', 'pause'],
])(
  'frees an instance whose power operation (%s) made no progress, with a fault',
  async (taskState, action) => {
    const cloud = await Cloud.start({ hosts: { host1: {} } });
    const { uuid } = await cloud.bootActive();
    await cloud.computes.get('host1')?.service.stop();
    await cloud.request(uuid, taskState);
    await cloud.age(uuid, TIMEOUT + 1);

    await sweep(cloud);

    expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: null });
    expect((await cloud.fault(uuid))?.message).toBe(
      `Failed to ${action} instance: no progress for 300 seconds in task_state ${taskState} on host host1`,
    );
  },
);

it('settles the other instances when one of them cannot be', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const uuids = [await lostBuild(cloud), await lostBuild(cloud), await lostBuild(cloud)];
  for (const uuid of uuids) await cloud.age(uuid, TIMEOUT + 1);
  await failSaves(cloud.db, `new.uuid = '${uuids[1]}' and new.vm_state = 'error'`);

  await expect(sweep(cloud)).rejects.toThrow('the database failed');

  const states = await Promise.all(uuids.map((uuid) => cloud.instances.getByUuid(uuid)));
  expect(states.map(({ vm_state }) => vm_state)).toEqual(['error', 'building', 'error']);
});

/** An ended build that still holds what was claimed for it. */
async function endedBuild(cloud: Cloud): Promise<Instance> {
  const instance = await cloud.recordOne();
  await cloud.claimOn(instance, 'host1');
  const { uuid } = instance;
  await cloud.db.kysely
    .updateTable('instances')
    .set({ vm_state: 'error', task_state: null })
    .where('uuid', '=', uuid)
    .execute();
  return instance;
}

it('releases at once a claim that was left when its build had been ended', async () => {
  const cloud = await Cloud.start();
  await endedBuild(cloud);

  await sweep(cloud);

  expect(await cloud.allocated()).toBe(0);
});

it.each(['failed build', 'deletion'])(
  'releases at once the ports that a %s could not give back',
  async (what) => {
    const cloud = await Cloud.start();
    const instance = await endedBuild(cloud);
    const { uuid } = instance;
    const request = { instance_uuid: uuid, project_id: 'p1', host: 'host1', requested_networks: null };
    await cloud.ports.allocate(request);
    if (what === 'deletion') await cloud.instances.destroy(instance);

    await sweep(cloud);

    expect(await cloud.ports.list(uuid)).toEqual([]);
  },
);

it('leaves what consumers without a record hold, and logs it once', async () => {
  const cloud = await Cloud.start();
  const instance = newInstance();
  await cloud.claimOn(instance, 'host1');
  await cloud.age(instance.uuid, 10 * TIMEOUT);
  const logger = new RecordingLogger();
  const tasks = sweepsOf(cloud, TIMEOUT, logger);

  for (let n = 0; n < 2; n += 1) for (const task of tasks) await task.run(RequestContext.admin());

  expect(await cloud.allocated()).toBe(1);
  expect(logger.of('warn')).toEqual([
    'There is an allocation whose consumer has no record; it is left alone',
  ]);
});

it('leaves what is at rest alone', async () => {
  const cloud = await Cloud.start();
  const { uuid } = await cloud.bootActive();
  await cloud.age(uuid, 10 * TIMEOUT);

  await sweep(cloud);

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: null });
  expect(await cloud.allocated()).toBe(1);
});

it('runs at least three times per timeout, and ends no build if there is no timeout', async () => {
  const cloud = await Cloud.start({ hosts: {} });

  expect(sweepsOf(cloud, 6).map(({ spacing }) => spacing)).toEqual([2, 2, 2, 2, 2, 2]);
  expect(sweepsOf(cloud, 300).map(({ spacing }) => spacing)).toEqual([10, 10, 10, 10, 10, 10]);
  for (const task of sweepsOf(cloud, 6)) expect(task).toMatchObject({ runImmediately: true, fuzzyDelay: 2 });
  const resting = sweepsOf(cloud, 0).filter(({ spacing }) => spacing < 0);
  expect(resting.map(({ name }) => name)).toEqual(['end_stuck_builds']);
});

it('uses the timeout that holds when it sweeps', async () => {
  const cloud = await Cloud.start();
  const uuid = await lostBuild(cloud);
  await cloud.age(uuid, 100);
  const config = { instance_build_timeout: 300, service_down_time: 60 };
  const { db, instances, services, compute } = cloud;
  const [endStuckBuilds] = conductorSweeps({
    db,
    instances,
    services,
    compute,
    config,
    logger: silentLogger,
  });

  await endStuckBuilds?.run(cloud.ctxt);
  expect((await cloud.instances.getByUuid(uuid)).vm_state).toBe('building');

  config.instance_build_timeout = 0;
  await endStuckBuilds?.run(cloud.ctxt);
  expect((await cloud.instances.getByUuid(uuid)).vm_state).toBe('building');

  config.instance_build_timeout = 60;
  await endStuckBuilds?.run(cloud.ctxt);
  expect((await cloud.instances.getByUuid(uuid)).vm_state).toBe('error');
});

it('judges by the timeout with which the sweep began', async () => {
  const cloud = await Cloud.start();
  const uuid = await lostBuild(cloud);
  await cloud.age(uuid, 100);
  const config = { instance_build_timeout: 300, service_down_time: 60 };
  const bus = async () => {
    config.instance_build_timeout = 60;
  };
  const { db, instances, services, compute } = cloud;
  const presence = new Presence({ db, bus });
  const tools = { db, instances, services, compute, presence, logger: silentLogger };
  const [endStuckBuilds] = conductorSweeps({ ...tools, config });

  await endStuckBuilds?.run(cloud.ctxt);
  expect((await cloud.instances.getByUuid(uuid)).vm_state).toBe('building');
  await endStuckBuilds?.run(cloud.ctxt);
  expect((await cloud.instances.getByUuid(uuid)).vm_state).toBe('error');
});

describe('after an outage', () => {
  it.each([
    ['the database was away', async (cloud: Cloud) => backJustNow(cloud.db), {}],
    ['the bus is away', async () => {}, { bus: () => Promise.reject(new Error('no broker')) }],
    ['there was no conductor', async () => {}, { since: performance.now() }],
  ])('in which %s, builds that wait are given time to make progress', async (_what, happen, outage) => {
    const cloud = await Cloud.start();
    const uuid = await lostBuild(cloud);
    await cloud.age(uuid, TIMEOUT + 1);
    await happen(cloud);
    const tasks = sweepsOf(cloud, TIMEOUT, silentLogger, new Presence({ db: cloud.db, ...outage }));

    for (const task of tasks) await task.run(RequestContext.admin());

    expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'building' });
  });

  it('that was long enough ago, what makes no progress is ended', async () => {
    const cloud = await Cloud.start();
    const uuid = await lostBuild(cloud);
    await cloud.age(uuid, TIMEOUT + 1);
    const since = performance.now() - (TIMEOUT / 2 + 1) * 1000;
    const tasks = sweepsOf(cloud, TIMEOUT, silentLogger, new Presence({ db: cloud.db, since }));

    for (const task of tasks) await task.run(RequestContext.admin());

    expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'error' });
  });
});

/** As if it had just come back. */
async function backJustNow(db: Database): Promise<void> {
  vi.spyOn(db, 'backSince', 'get').mockReturnValue(performance.now());
}
