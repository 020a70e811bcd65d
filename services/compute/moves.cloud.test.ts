import { GuestAPI } from '@mini-nova/compute/rpcapi';
import {
  hostLeft,
  isUnderWay,
  MigrationStatus,
  MigrationType,
} from '@mini-nova/domain/states/migration-status';
import type { ChangesOf, Flavor, Instance, Migration } from '@mini-nova/objects';
import { resourcesOfProvider } from '@mini-nova/placement/allocations';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newInstance, newMigration } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';

const ctxt = RequestContext.admin();
const statuses = Object.values(MigrationStatus);
const types = Object.values(MigrationType);
const underWay = statuses.filter((status) => isUnderWay({ status }));
const over = statuses.filter((status) => !isUnderWay({ status }));

let cloud: Cloud;
let tiny: Flavor;
let small: Flavor;

beforeEach(async () => {
  // Guests to be destroyed are destroyed at the first look.
  cloud = await Cloud.start({ settings: { 'DEFAULT.running_deleted_instance_timeout': 0 } });
  tiny = await cloud.flavors.getByName('m1.tiny');
  small = await cloud.flavors.getByName('m1.small');
});

/** An instance of host1 with its guest. */
async function running(): Promise<Instance> {
  const instance = await cloud.recordOne();
  const network = { instance_uuid: instance.uuid, project_id: 'p1', host: 'host1', requested_networks: null };
  const networkInfo = await cloud.ports.allocate(network);
  await cloud.driver('host1').spawn(ctxt, instance, { networkInfo, image: {} } as never);
  const at = { host: 'host1', node: 'host1', launched_at: new Date() };
  await cloud.instances.update(instance, { ...at, vm_state: 'active', task_state: null, power_state: 1 });
  return instance;
}

/** A migration of the instance from host1 to host2, and the guest that the migration has made on host2. */
async function move(instance: Instance, values: Partial<Migration>): Promise<Migration> {
  const migration = newMigration({ instance_uuid: instance.uuid, ...values });
  await cloud.migrations.create(migration);
  await cloud.driver('host2').spawn(ctxt, instance, { networkInfo: [], image: {} } as never);
  return migration;
}

async function lookAll(): Promise<void> {
  for (const host of ['host1', 'host2']) await cloud.runTasks(host);
}

/** Ends the computes, as `kill -9` does, and starts them again. */
async function restart(): Promise<void> {
  for (const [host, { service, driver }] of [...cloud.computes]) {
    await service.stop({ quick: true });
    await cloud.startCompute(host, driver);
  }
}

async function guestsOf({ uuid }: Instance): Promise<string[]> {
  return Object.entries(await cloud.guests()).flatMap(([host, uuids]) =>
    uuids.includes(uuid) ? [host] : [],
  );
}

/** What each host reports as used, and what it reserves in placement besides. */
async function usage() {
  const nodes = [...(await cloud.computeNodes.list())];
  const reports = nodes.map(async ({ host, uuid, memory_mb_used, running_vms }) => {
    const { MEMORY_MB } = await resourcesOfProvider(cloud.db.kysely, uuid);
    return [host, { ram: memory_mb_used - 512, vms: running_vms, kept: (MEMORY_MB?.reserved ?? 0) - 512 }];
  });
  return Object.fromEntries(await Promise.all(reports));
}

const resized = () => ({ old_flavor: tiny, new_flavor: small });
const arrived = (): ChangesOf<Instance> => ({ host: 'host2', node: 'host2', flavor: small });

describe.each(types)('the guests of an instance in a %s', (type) => {
  it.each(underWay)('stay on both hosts while it is %s, whichever its record names', async (status) => {
    const instance = await running();
    await move(instance, { migration_type: type, status });

    await lookAll();
    await restart();
    expect(await guestsOf(instance)).toEqual(['host1', 'host2']);

    await cloud.instances.update(instance, arrived());
    await lookAll();
    await restart();
    expect(await guestsOf(instance)).toEqual(['host1', 'host2']);
    expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject({
      vm_state: 'active',
      host: 'host2',
    });
  });
});

describe('a guest that a migration has left behind', () => {
  it.each(over)('of which the status is %s', async (status) => {
    const instance = await running();
    const migration = await move(instance, { status });
    const left = hostLeft(migration);
    if (left === 'host1') await cloud.instances.update(instance, arrived());

    await lookAll();

    const gone = left === undefined ? [] : [left];
    expect(await guestsOf(instance)).toEqual(['host1', 'host2'].filter((host) => !gone.includes(host)));
    expect(gone).toHaveLength(['error', 'failed', 'cancelled'].includes(status) ? 0 : 1);
  });

  it('is destroyed when its compute starts, which completes an evacuation', async () => {
    const instance = await running();
    await cloud.computes.get('host1')?.service.stop({ quick: true });
    const migration = await move(instance, { migration_type: 'evacuation', status: 'done' });
    await cloud.instances.update(instance, arrived());

    await cloud.startCompute('host1', cloud.driver('host1'));

    expect(await guestsOf(instance)).toEqual(['host2']);
    expect((await cloud.migrations.get(migration)).status).toBe('completed');
    expect(await cloud.ports.list(instance.uuid)).toHaveLength(1);
  });

  it('stays when its instance has since come back, or is about to', async () => {
    for (const status of ['accepted', 'error', 'confirmed'] as const) {
      const instance = await running();
      await move(instance, { status: 'confirmed' });
      const back = {
        source_compute: 'host2',
        source_node: 'host2',
        dest_compute: 'host1',
        dest_node: 'host1',
      };
      await move(instance, { ...back, status });
      // By its record, the instance is still on host2.
      await cloud.instances.update(instance, arrived());

      await lookAll();

      expect(await guestsOf(instance)).toEqual(['host1', 'host2']);
    }
  });

  it('stays on a host that has no record of it, and on the host that its record names', async () => {
    const unknown = newInstance();
    await move(unknown, { status: 'reverted' });
    const here = await running();
    await move(here, { status: 'confirmed' });

    await lookAll();

    expect(await guestsOf(unknown)).toEqual(['host2']);
    expect(await guestsOf(here)).toEqual(['host1', 'host2']);
  });
});

describe('an operator', () => {
  it('sees guests that move, with the host in their record, and cannot remove them', async () => {
    const guests = new GuestAPI(cloud.rpc, { timeout: 60 });
    const instance = await running();
    const migration = await move(instance, { status: 'running' });

    const [guest] = await guests.listGuests(ctxt, 'host2');
    expect(guest).toMatchObject({ uuid: instance.uuid, state: 'moving', recorded_host: 'host1' });
    expect((await guests.listGuests(ctxt, 'host1'))[0]).toMatchObject({ state: 'here' });
    const order = { instance_uuid: instance.uuid };
    const refusal = { done: false, reason: expect.stringContaining('migration that is under way') };
    expect(await guests.removeGuest(ctxt, 'host2', order)).toMatchObject(refusal);

    migration.status = 'failed';
    await cloud.migrations.save(migration);
    expect((await guests.listGuests(ctxt, 'host2'))[0]).toMatchObject({ state: 'elsewhere' });
    expect(await guests.removeGuest(ctxt, 'host2', order)).toMatchObject({ done: true });
    expect(await guestsOf(instance)).toEqual(['host1']);
  });

  it('sees and counts guests that were moved away, until they are cleaned up', async () => {
    const guests = new GuestAPI(cloud.rpc, { timeout: 60 });
    const instance = await running();
    await move(instance, { status: 'confirmed' });
    await cloud.instances.update(instance, arrived());

    const [guest] = await guests.listGuests(ctxt, 'host1');
    expect(guest).toMatchObject({ state: 'moved', recorded_host: 'host2' });
    const figures = cloud.computes.get('host1')?.manager.figures ?? [];
    const counts = figures.find(({ name }) => name === 'nova_compute_stray_guests')?.values();
    expect(counts).toContainEqual({ labels: { state: 'moved' }, value: 1 });
  });
});

it('deletes an instance between two hosts with its guests on both', async () => {
  for (const status of underWay) {
    const instance = await running();
    await move(instance, { status });

    await cloud.delete(instance.uuid);
    await cloud.settled(instance.uuid);
    await lookAll();

    expect(await guestsOf(instance)).toEqual([]);
    expect(await cloud.ports.list(instance.uuid)).toEqual([]);
  }
});

it('leaves an instance that failed, was not launched or lacks its guest as it is while it is between two hosts', async () => {
  const states: ChangesOf<Instance>[] = [
    { vm_state: 'error', launched_at: null },
    { vm_state: 'building', task_state: 'spawning', launched_at: null },
    { vm_state: 'active' },
  ];
  for (const state of states) {
    const instance = await running();
    const migration = await move(instance, { status: 'migrating' });
    if (state.vm_state === 'active') await cloud.driver('host1').destroy(ctxt, instance);
    await cloud.instances.update(instance, state);
    const guests = await guestsOf(instance);

    await lookAll();
    expect(await guestsOf(instance)).toEqual(guests);
    await restart();

    expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject({ ...state, host: 'host1' });
    // The fake driver brings back the guests that its host should have.
    expect(await guestsOf(instance)).toEqual(['host1', 'host2']);
    expect(await cloud.ports.list(instance.uuid)).toHaveLength(1);
    migration.status = 'error';
    await cloud.migrations.save(migration);
  }
});

it('leaves alone an instance whose guest a migration takes away while the power states are compared', async () => {
  const instance = await running();
  const driver = cloud.driver('host1');
  const getInfo = driver.getInfo.bind(driver);
  driver.getInfo = async (asked) => {
    driver.getInfo = getInfo;
    await cloud.migrations.create(newMigration({ instance_uuid: instance.uuid, status: 'running' }));
    await driver.destroy(ctxt, instance);
    return getInfo(asked);
  };

  await cloud.runTasks('host1');

  expect(await guestsOf(instance)).toEqual([]);
  expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject({ vm_state: 'active', host: 'host1' });
  expect(await cloud.fault(instance.uuid)).toBeUndefined();
});

it('leaves alone a build whose migration begins while the compute recovers other instances', async () => {
  const states = { vm_state: 'building', task_state: 'spawning', launched_at: null };
  const moving = await running();
  // Recovery takes the newer one first.
  const lost = await running();
  for (const instance of [moving, lost]) await cloud.instances.update(instance, states);
  const driver = cloud.driver('host1');
  driver.initHost = async () => {};
  await driver.destroy(ctxt, moving);
  await driver.destroy(ctxt, lost);
  const destroy = driver.destroy.bind(driver);
  driver.destroy = async (...of) => {
    driver.destroy = destroy;
    await cloud.migrations.create(newMigration({ instance_uuid: moving.uuid, status: 'running' }));
    return destroy(...of);
  };

  await restart();

  expect(await cloud.instances.getByUuid(lost.uuid)).toMatchObject({ vm_state: 'error', host: null });
  expect(await cloud.instances.getByUuid(moving.uuid)).toMatchObject({ ...states, host: 'host1' });
  expect(await cloud.ports.list(moving.uuid)).toHaveLength(1);
});

describe('the usage of a host', () => {
  it.each(types)('includes what a %s moves from it and to it, each by its flavor', async (type) => {
    const isResize = type === 'resize';
    const after = isResize ? small.memory_mb : tiny.memory_mb;
    const instance = await running();
    await cloud.instances.update(instance, isResize ? resized() : {});
    const migration = await move(instance, { migration_type: type, status: 'pre-migrating' });

    await lookAll();
    expect(await usage()).toEqual({
      host1: { ram: tiny.memory_mb, vms: 1, kept: 0 },
      host2: { ram: after, vms: 0, kept: 0 },
    });

    await cloud.instances.update(instance, { ...arrived(), ...(!isResize && { flavor: tiny }) });
    for (const status of underWay) {
      migration.status = status;
      await cloud.migrations.save(migration);
      await lookAll();
      expect(await usage()).toEqual({
        host1: { ram: tiny.memory_mb, vms: 0, kept: 0 },
        host2: { ram: after, vms: 1, kept: 0 },
      });
    }
  });

  it.each(over)('is only what its records say when the migration is %s', async (status) => {
    const instance = await running();
    await cloud.instances.update(instance, resized());
    const migration = newMigration({ instance_uuid: instance.uuid, status });
    await cloud.migrations.create(migration);

    await lookAll();

    expect(await usage()).toEqual({
      host1: { ram: tiny.memory_mb, vms: 1, kept: 0 },
      host2: { ram: 0, vms: 0, kept: 0 },
    });
  });

  it('includes both flavors of an instance that is resized on it, before and after the switch', async () => {
    const instance = await running();
    await cloud.instances.update(instance, resized());
    const migration = newMigration({
      instance_uuid: instance.uuid,
      dest_compute: 'host1',
      dest_node: 'host1',
    });
    await cloud.migrations.create(migration);
    const both = { ram: tiny.memory_mb + small.memory_mb, vms: 1, kept: 0 };

    await lookAll();
    expect((await usage()).host1).toEqual(both);

    await cloud.instances.update(instance, { flavor: small });
    migration.status = 'finished';
    await cloud.migrations.save(migration);
    await lookAll();
    expect((await usage()).host1).toEqual(both);

    migration.status = 'confirmed';
    await cloud.migrations.save(migration);
    await lookAll();
    expect((await usage()).host1).toEqual({ ...both, ram: small.memory_mb });
  });

  it('includes a guest that a failed migration has left, and reserves its room, since no record shows it', async () => {
    const instance = await running();
    await move(instance, { status: 'failed' });

    await lookAll();

    expect((await usage()).host2).toEqual({ ram: tiny.memory_mb, vms: 1, kept: tiny.memory_mb });
  });
});
