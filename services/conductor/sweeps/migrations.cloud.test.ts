import { insertAllocations } from '@mini-nova/data/allocations/queries';
import { resourcesOf } from '@mini-nova/domain/resources';
import { isUnderWay, MigrationStatus, MigrationType } from '@mini-nova/domain/states/migration-status';
import { type Logger, silentLogger } from '@mini-nova/messaging';
import type { Flavor, Instance, Migration } from '@mini-nova/objects';
import { allocationsByProvider, claimResources, moveAllocations } from '@mini-nova/placement/allocations';
import { type PeriodicTask, RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newMigration } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordingLogger } from '../../../packages/service/test/recording-logger.ts';
import { Presence } from '../presence.ts';
import { Deadlines } from './deadlines.ts';
import { conductorSweeps } from './index.ts';
import { ifStillUnsettled } from './unsettled.ts';

const TIMEOUT = 300;

const statuses = Object.values(MigrationStatus);
const underWay = statuses.filter((status) => isUnderWay({ status }));
const over = statuses.filter((status) => !isUnderWay({ status }));
const failed = over.filter((status) => ['error', 'failed', 'cancelled'].includes(status));

/** One round of a conductor's sweeps. */
async function sweep(cloud: Cloud): Promise<void> {
  for (const task of sweepsOf(cloud)) await task.run(RequestContext.admin());
}

function sweepsOf(cloud: Cloud, logger: Logger = silentLogger): PeriodicTask[] {
  const { db, instances, services, compute } = cloud;
  const config = { instance_build_timeout: TIMEOUT, service_down_time: 60 };
  return conductorSweeps({
    db,
    instances,
    services,
    compute,
    config,
    presence: new Presence({ db }),
    logger,
  });
}

let cloud: Cloud;
let tiny: Flavor;
let small: Flavor;
/** Provider uuids by host. */
let providers: { [host: string]: string };

beforeEach(async () => {
  cloud = await Cloud.start();
  tiny = await cloud.flavors.getByName('m1.tiny');
  small = await cloud.flavors.getByName('m1.small');
  providers = Object.fromEntries(
    [...(await cloud.computeNodes.list())].map(({ host, uuid }) => [host, uuid]),
  );
});

/** An instance of host1 that has begun to move to host2, and what each of the two holds. */
async function moving(values: {
  status: string;
  type?: string;
  to?: string;
}): Promise<[Instance, Migration]> {
  const { status, type = MigrationType.RESIZE, to = 'host2' } = values;
  const instance = await cloud.bootActive();
  expect(instance.host).toBe('host1');
  const node = await cloud.computeNodes.list({ host: to });
  const migration = newMigration({
    instance_uuid: instance.uuid,
    source_node: instance.node,
    source_compute: instance.host,
    dest_compute: to,
    dest_node: [...node][0]?.hypervisor_hostname ?? '',
    migration_type: type as 'resize',
    status: 'pre-migrating',
  });
  await cloud.migrations.create(migration);
  expect(await moveAllocations(cloud.db, instance.uuid, migration.uuid)).toBe('moved');
  const allocations = { [providers[to] ?? '']: resourcesOf(small) };
  expect(await claimResources(cloud.db, { consumerUuid: instance.uuid, allocations })).toBe('claimed');
  migration.status = status;
  await cloud.migrations.save(migration);
  return [instance, migration];
}

async function arrive(instance: Instance, host = 'host2'): Promise<void> {
  const [node] = await cloud.computeNodes.list({ host });
  await cloud.instances.update(instance, { host, node: node?.hypervisor_hostname ?? null, flavor: small });
}

/** As if nothing had been done about any of them for long. */
async function ageAll(): Promise<void> {
  const at = new Date(Date.now() - 2 * TIMEOUT * 1000).toISOString();
  await cloud.db.kysely.updateTable('instances').set({ updated_at: at }).execute();
  await cloud.db.kysely.updateTable('migrations').set({ updated_at: at }).execute();
  await cloud.db.kysely.updateTable('allocations').set({ created_at: at }).execute();
}

/** On host1. */
async function holdVcpu(migration: Migration): Promise<void> {
  const row = { consumer_uuid: migration.uuid, provider_uuid: providers.host1 ?? '', resource_class: 'VCPU' };
  await insertAllocations(cloud.db.kysely, [{ ...row, used: 1, created_at: new Date().toISOString() }]);
}

async function held(...consumers: { uuid: string }[]) {
  return Promise.all(consumers.map(({ uuid }) => allocationsByProvider(cloud.db, uuid)));
}

describe.each(Object.values(MigrationType))('an instance in a %s', (type) => {
  it.each(underWay)('that is %s keeps what it and its migration hold, on either host', async (status) => {
    const [instance, migration] = await moving({ status, type });
    await cloud.instances.update(instance, { vm_state: 'error', task_state: null });
    await ageAll();
    const [own, others] = await held(instance, migration);
    expect(own).toEqual({ [providers.host2 ?? '']: resourcesOf(small) });
    expect(others).toEqual({ [providers[instance.host ?? ''] ?? '']: resourcesOf(tiny) });
    const ports = await cloud.ports.list(instance.uuid);

    await sweep(cloud);
    await arrive(instance);
    await ageAll();
    await sweep(cloud);

    expect(await held(instance, migration)).toEqual([own, others]);
    expect(await cloud.ports.list(instance.uuid)).toEqual(ports);
  });
});

describe('an instance whose migration', () => {
  it.each(['confirmed', 'completed', 'done'])(
    'is %s holds what it has where it is, and nothing else',
    async (status) => {
      const [instance, migration] = await moving({ status });
      await arrive(instance);
      await ageAll();

      await sweep(cloud);

      expect(await held(instance, migration)).toEqual([{ [providers.host2 ?? '']: resourcesOf(small) }, {}]);
    },
  );

  it.each([...failed, 'reverted'])('is %s gets back what it has where it is', async (status) => {
    const [instance, migration] = await moving({ status });
    await ageAll();

    await sweep(cloud);

    const home = { [providers[instance.host ?? ''] ?? '']: resourcesOf(tiny) };
    expect(await held(instance, migration)).toEqual([home, {}]);
  });

  it.each(failed)('on its own host is %s gets back its former size', async (status) => {
    const [instance] = [await cloud.bootActive()];
    const host = instance.host ?? '';
    const migration = newMigration({
      ...{ instance_uuid: instance.uuid, source_compute: host, source_node: instance.node },
      ...{ dest_compute: host, dest_node: instance.node },
    });
    await cloud.migrations.create(migration);
    await moveAllocations(cloud.db, instance.uuid, migration.uuid);
    const allocations = { [providers[host] ?? '']: resourcesOf(small) };
    await claimResources(cloud.db, { consumerUuid: instance.uuid, allocations });
    await ageAll();
    await sweep(cloud);
    expect(await held(instance, migration)).toEqual([
      allocations,
      { [providers[host] ?? '']: resourcesOf(tiny) },
    ]);

    migration.status = status;
    await cloud.migrations.save(migration);
    await ageAll();
    await sweep(cloud);

    expect(await held(instance, migration)).toEqual([{ [providers[host] ?? '']: resourcesOf(tiny) }, {}]);
  });

  it('ended recently keeps what it holds, since its compute is about to give it back', async () => {
    const [instance, migration] = await moving({ status: 'error' });
    const before = await held(instance, migration);

    await sweep(cloud);

    expect(await held(instance, migration)).toEqual(before);
  });

  it('has failed is left to the next one, which holds what it has on the source', async () => {
    const [instance, migration] = await moving({ status: 'running' });
    const earlier = newMigration({ instance_uuid: instance.uuid, status: 'error' });
    await cloud.migrations.create(earlier);
    await holdVcpu(earlier);
    const before = await held(instance, migration);
    await ageAll();

    await sweep(cloud);

    expect(await held(instance, migration, earlier)).toEqual([...before, {}]);
  });

  it('has failed gives nothing back while the next one is under way, for which the instance has claimed', async () => {
    const [instance, migration] = await moving({ status: 'error' });
    const next = newMigration({ instance_uuid: instance.uuid, status: 'pre-migrating' });
    await cloud.migrations.create(next);
    const before = await held(instance, migration);
    await ageAll();
    await sweep(cloud);
    expect(await held(instance, migration)).toEqual(before);

    next.status = 'failed';
    await cloud.migrations.save(next);
    await ageAll();
    await sweep(cloud);
    const home = { [providers[instance.host ?? ''] ?? '']: resourcesOf(tiny) };
    expect(await held(instance, migration)).toEqual([home, {}]);
  });

  it('is confirmed has nothing left, also when another cannot be settled', async () => {
    const [broken] = await moving({ status: 'confirmed' });
    const migration = newMigration({ instance_uuid: (await cloud.recordOne()).uuid, status: 'confirmed' });
    await cloud.migrations.create(migration);
    await holdVcpu(migration);
    await ageAll();
    const flavor = '{';
    await cloud.db.kysely.updateTable('instances').set({ flavor }).where('uuid', '=', broken.uuid).execute();

    const task = sweepsOf(cloud).find(({ name }) => name === 'release_orphaned_allocations');
    await expect(task?.run(RequestContext.admin())).rejects.toThrow(SyntaxError);

    expect(await held(migration)).toEqual([{}]);
  });
});

it('lets an evacuated instance hold what it has on its source until its evacuation is over', async () => {
  const instance = await cloud.bootActive();
  const source = providers[instance.host ?? ''] ?? '';
  const migration = newMigration({
    ...{ instance_uuid: instance.uuid, source_compute: instance.host, source_node: instance.node },
    ...{ migration_type: 'evacuation', status: 'pre-migrating' },
  });
  await cloud.migrations.create(migration);
  await cloud.claimOn(instance, 'host2');
  await cloud.instances.update(instance, { host: 'host2', node: 'host2' });
  await ageAll();
  await sweep(cloud);
  const both = { [source]: resourcesOf(tiny), [providers.host2 ?? '']: resourcesOf(tiny) };
  expect(await held(instance)).toEqual([both]);

  migration.status = 'done';
  await cloud.migrations.save(migration);
  await ageAll();
  await sweep(cloud);
  expect(await held(instance)).toEqual([{ [providers.host2 ?? '']: resourcesOf(tiny) }]);
});

it('leaves alone what a migration holds whose instance has no record, and logs it once', async () => {
  const migration = newMigration({ status: 'error' });
  await cloud.migrations.create(migration);
  await holdVcpu(migration);
  await ageAll();
  const logger = new RecordingLogger();
  const tasks = sweepsOf(cloud, logger);

  for (let n = 0; n < 2; n += 1) for (const task of tasks) await task.run(RequestContext.admin());

  expect(await held(migration)).toEqual([{ [providers.host1 ?? '']: { VCPU: 1 } }]);
  expect(logger.of('warn')).toEqual([
    'A migration holds an allocation of an instance of which there is no record',
  ]);
});

it('releases what an instance holds on both hosts when it is deleted, however far its migration has got', async () => {
  for (const status of statuses) {
    const [instance, migration] = await moving({ status });
    await cloud.compute.terminateInstance(cloud.ctxt, {
      instance: await cloud.request(instance.uuid, 'deleting'),
    });
    await cloud.settled(instance.uuid);
    expect(await held(instance, migration)).toEqual([{}, {}]);
    expect(await cloud.ports.list(instance.uuid)).toEqual([]);
  }
  expect(await cloud.allocated()).toBe(0);
  expect((await cloud.migrations.list()).objects).toEqual([]);
});

it('finishes a deletion whose compute is lost, and releases what the migration holds on the other host', async () => {
  const [instance, migration] = await moving({ status: 'migrating' });
  await cloud.request(instance.uuid, 'deleting');
  await cloud.computes.get(instance.host ?? '')?.service.stop();
  await cloud.db.kysely.updateTable('services').set({ forced_down: true }).execute();
  await ageAll();

  await sweep(cloud);

  expect(await cloud.instances.getByUuid(instance.uuid, { includeDeleted: true })).toMatchObject({
    deleted: true,
  });
  expect(await held(instance, migration)).toEqual([{}, {}]);
});

it('does not clear the task of an instance that is moved, nor end it, until its migration is over', async () => {
  const [instance, migration] = await moving({ status: 'migrating' });
  const between = { task_state: 'resize_migrating', host: null, node: null };
  await cloud.instances.update(instance, between);
  await ageAll();

  await sweep(cloud);
  expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject({ vm_state: 'active', ...between });

  migration.status = 'error';
  await cloud.migrations.save(migration);
  await sweep(cloud);
  expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject({
    vm_state: 'error',
    task_state: null,
  });
});

it('leaves alone an instance whose move has begun since it was seen', async () => {
  const [seen] = await moving({ status: 'migrating' });
  await cloud.instances.update(seen, { task_state: 'resize_migrating', host: null, node: null });
  const work = vi.fn();

  const { db, instances } = cloud;
  const later = new Date(Date.now() + (TIMEOUT + 60) * 1000);
  const deadlines = new Deadlines(later, { instance_build_timeout: TIMEOUT });
  expect(await ifStillUnsettled({ db, instances, deadlines }, seen, work)).toBe(false);

  expect(work).not.toHaveBeenCalled();
});

it('frees no port of an instance in ERROR on no host that is being moved', async () => {
  const [instance, migration] = await moving({ status: 'pre-migrating', type: MigrationType.EVACUATION });
  await cloud.instances.update(instance, { vm_state: 'error', host: null, node: null });
  await sweep(cloud);
  expect(await cloud.ports.list(instance.uuid)).toHaveLength(1);

  migration.status = 'failed';
  await cloud.migrations.save(migration);
  await sweep(cloud);
  expect(await cloud.ports.list(instance.uuid)).toEqual([]);
});
