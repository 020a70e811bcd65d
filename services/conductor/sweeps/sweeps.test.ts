import { silentLogger } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { expect, it } from 'vitest';
import { Cloud } from '../../test/cloud.ts';
import { conductorSweeps } from './index.ts';

const TIMEOUT = 300;

function sweepsOf(cloud: Cloud, timeout = TIMEOUT) {
  const { db, instances, services, compute } = cloud;
  return conductorSweeps({
    db,
    instances,
    services,
    compute,
    config: { instance_build_timeout: timeout, service_down_time: 60 },
    logger: silentLogger,
  });
}

/** One round of what a conductor does again and again. */
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

it('leaves a build alone that got on lately', async () => {
  const cloud = await Cloud.start();
  const uuid = await lostBuild(cloud);
  await cloud.age(uuid, TIMEOUT - 5);

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

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'error' });
  expect((await cloud.fault(uuid))?.message).toMatch(/task_state spawning on host host1/);
  expect(await cloud.guests()).toEqual({ host1: [] });
  expect(await cloud.allocated()).toBe(0);
  expect(await cloud.ports.list(uuid)).toEqual([]);
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

it('gives a compute that was asked again the same time again', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  await cloud.request(uuid, 'deleting');
  await cloud.age(uuid, TIMEOUT + 1);
  const before = Date.now();
  await cloud.computes.get('host1')?.service.stop({ replaced: true });

  await sweep(cloud);

  const instance = await cloud.instances.getByUuid(uuid);
  expect(instance).toMatchObject({ vm_state: 'active', task_state: 'deleting' });
  expect(instance.updated_at?.getTime()).toBeGreaterThanOrEqual(before);
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

it('frees an instance whose power operation was lost', async () => {
  const cloud = await Cloud.start();
  const { uuid } = await cloud.bootActive();
  await cloud.request(uuid, 'powering-off');
  await cloud.age(uuid, TIMEOUT + 1);

  await sweep(cloud);

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: null });
});

it('releases a claim that was left when its build had been ended', async () => {
  const cloud = await Cloud.start();
  const instance = await cloud.recordOne();
  await cloud.claim(instance);
  Object.assign(instance, { vm_state: 'error', task_state: null });
  await cloud.instances.save(instance);
  await sweep(cloud);
  expect(await cloud.allocated()).toBe(1);

  await cloud.age(instance.uuid, TIMEOUT + 1);
  await sweep(cloud);

  expect(await cloud.allocated()).toBe(0);
});

it('leaves what is at rest alone', async () => {
  const cloud = await Cloud.start();
  const { uuid } = await cloud.bootActive();
  await cloud.age(uuid, 10 * TIMEOUT);

  await sweep(cloud);

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: null });
  expect(await cloud.allocated()).toBe(1);
});

it('comes at least three times per timeout, and sweeps only allocations without one', async () => {
  const cloud = await Cloud.start({ hosts: {} });

  expect(sweepsOf(cloud, 6).map(({ spacing }) => spacing)).toEqual([2, 2, 2, 2]);
  expect(sweepsOf(cloud, 300).map(({ spacing }) => spacing)).toEqual([10, 10, 10, 10]);
  const running = sweepsOf(cloud, 0).filter(({ spacing }) => spacing >= 0);
  expect(running.map(({ name }) => name)).toEqual(['release_orphaned_allocations']);
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
