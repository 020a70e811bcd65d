import type { FakeGuest } from '@mini-nova/compute/virt/fake/fake-driver';
import type { AllocationRow } from '@mini-nova/data/allocations/tables';
import type { PortRow } from '@mini-nova/data/ports/table';
import { resourcesOf } from '@mini-nova/domain/resources';
import type { Instance, Migration } from '@mini-nova/objects';
import { newInstance, newMigration } from '@mini-nova/services-testing/new-objects';
import { expect, test } from 'vitest';
import { type Expectations, findProblems, type Promises } from './problems.ts';
import type { Snapshot } from './snapshot.ts';

const RUNNING = 1;
const NODE = { uuid: 'node-a', name: 'host-a', host: 'host-a' };
const NO_PROMISES: Promises = { booted: new Set(), deleted: new Set(), maybeDeleted: new Set() };

function active(): Instance {
  const instance = newInstance();
  Object.assign(instance, {
    vm_state: 'active',
    task_state: null,
    power_state: RUNNING,
    host: NODE.host,
    node: NODE.name,
    deleted: false,
  });
  return instance;
}

function allocationsOf({ uuid, flavor }: Instance): AllocationRow[] {
  return Object.entries(resourcesOf(flavor)).map(([resource_class, used]) => ({
    consumer_uuid: uuid,
    provider_uuid: NODE.uuid,
    resource_class,
    used,
    created_at: '',
  }));
}

const guest = (powerState = RUNNING): FakeGuest => ({
  name: 'vm',
  projectId: null,
  userId: null,
  flavorName: 'm1.tiny',
  vcpus: 1,
  memoryMb: 512,
  diskGb: 1,
  powerState,
  interfaces: [],
  console: [],
});

/** A cloud of one host in which these instances are as they should be. */
function cloud(...instances: Instance[]): Snapshot {
  const sum = instances.reduce((vcpus, { flavor }) => vcpus + flavor.vcpus, 0);
  const node = { host: NODE.host, hypervisor_hostname: NODE.name, vcpus_used: sum };
  return {
    instances,
    faults: new Map(),
    moves: new Map(),
    allocations: instances.flatMap(allocationsOf),
    providers: [{ uuid: NODE.uuid, name: NODE.name, generation: 1, created_at: '', updated_at: null }],
    inventories: [
      { provider_uuid: NODE.uuid, resource_class: 'VCPU', total: 4, reserved: 0, allocation_ratio: 1 },
    ],
    ports: [],
    computeNodes: [{ ...node, running_vms: instances.length }],
    buildRequests: new Set(),
    guests: new Map([[NODE.host, Object.fromEntries(instances.map(({ uuid }) => [uuid, guest()]))]]),
  };
}

function kinds(snapshot: Snapshot, expected: Expectations = NO_PROMISES): string[] {
  return findProblems(snapshot, expected).map(({ kind }) => kind);
}

test('a cloud in which records, guests and holdings agree has no problem', () => {
  expect(findProblems(cloud(active(), active()), NO_PROMISES)).toEqual([]);
});

test.each([
  { vm_state: 'active', task_state: 'deleting' },
  { vm_state: 'building', task_state: null },
  { vm_state: null, task_state: null },
])('an instance that is $vm_state / $task_state is stuck', (state) => {
  const instance = Object.assign(active(), state);
  expect(kinds(cloud(instance))).toEqual(['stuck']);
});

test('an instance without its guest, or with one of another power, differs', () => {
  const instance = active();
  expect(kinds({ ...cloud(instance), guests: new Map([[NODE.host, {}]]) })).toEqual(['differs']);
  const off = new Map([[NODE.host, { [instance.uuid]: guest(4) }]]);
  expect(kinds({ ...cloud(instance), guests: off })).toEqual(['differs']);
});

test('a guest on two hosts differs', () => {
  const instance = active();
  const guests = new Map(['host-a', 'host-b'].map((host) => [host, { [instance.uuid]: guest() }]));
  expect(kinds({ ...cloud(instance), guests })).toEqual(['differs']);
});

test('an instance that holds nothing differs', () => {
  expect(kinds({ ...cloud(active()), allocations: [] })).toEqual(['differs']);
});

test('what is held for an instance that has gone is leaked', () => {
  const gone = active();
  const port = { uuid: 'port', device_uuid: gone.uuid } as PortRow;
  const guests = new Map([[NODE.host, { [gone.uuid]: guest() }]]);
  const snapshot = { ...cloud(), allocations: allocationsOf(gone), ports: [port], guests };
  expect(kinds(snapshot)).toEqual(['leaked', 'leaked', 'leaked']);
});

test('a failed instance has a fault, and holds nothing', () => {
  const failed = Object.assign(active(), { vm_state: 'error', host: null, node: null });
  const snapshot = { ...cloud(), instances: [failed] };
  expect(kinds(snapshot)).toEqual(['differs']);
  const faults = new Map([[failed.uuid, 'No valid host was found.']]);
  expect(kinds({ ...snapshot, faults })).toEqual([]);
  expect(kinds({ ...snapshot, faults, allocations: allocationsOf(failed) })).toEqual(['leaked']);
});

test('allocations beyond the capacity are found', () => {
  const many = Array.from({ length: 5 }, active);
  expect(kinds(cloud(...many))).toContain('overcommitted');
});

/** It has arrived from another host, which keeps what it has until the user confirms the move. */
function arrived(): { snapshot: Snapshot; instance: Instance; move: Migration } {
  const instance = Object.assign(active(), { vm_state: 'resized' });
  const move = newMigration({ instance_uuid: instance.uuid, dest_compute: NODE.host, dest_node: NODE.name });
  Object.assign(move, { source_compute: 'host-b', source_node: 'host-b', status: 'finished' });
  const before = cloud(instance);
  const kept = allocationsOf(instance).map((row) => {
    return { ...row, consumer_uuid: move.uuid, provider_uuid: 'node-b' };
  });
  const snapshot = {
    ...before,
    moves: new Map([[instance.uuid, move]]),
    allocations: [...before.allocations, ...kept],
    computeNodes: [
      ...before.computeNodes,
      { host: 'host-b', hypervisor_hostname: 'host-b', vcpus_used: 1, running_vms: 0 },
    ],
    guests: new Map([...before.guests, ['host-b', { [instance.uuid]: guest() }]]),
  };
  return { snapshot, instance, move };
}

test('an instance between two hosts has its guest, and holds what it needs, on both', () => {
  const { snapshot, instance, move } = arrived();
  expect(findProblems(snapshot, NO_PROMISES)).toEqual([]);
  expect(kinds({ ...snapshot, moves: new Map() })).toContain('leaked');
  const third = new Map([...snapshot.guests, ['host-c', { [instance.uuid]: guest() }]]);
  expect(kinds({ ...snapshot, guests: third })).toEqual(['differs']);
  const own = snapshot.allocations.filter(({ consumer_uuid }) => consumer_uuid === move.uuid);
  expect(kinds({ ...snapshot, allocations: own })).toEqual(['differs']);
});

test('what a migration holds is leaked when its instance has gone', () => {
  const { snapshot } = arrived();
  expect(kinds({ ...snapshot, instances: [] })).toContain('leaked');
});

test('a host that reports other guests than it has differs', () => {
  const snapshot = cloud(active());
  const computeNodes = snapshot.computeNodes.map((node) => ({ ...node, running_vms: 2 }));
  expect(kinds({ ...snapshot, computeNodes })).toEqual(['differs']);
});

test('what was accepted is neither lost nor undone', () => {
  const instance = active();
  const promised = (promises: Partial<Promises>) => kinds(cloud(instance), { ...NO_PROMISES, ...promises });
  expect(promised({ deleted: new Set([instance.uuid]) })).toEqual(['undone']);
  expect(promised({ booted: new Set(['another']) })).toEqual(['undone']);
  expect(promised({ booted: new Set(['another']), maybeDeleted: new Set(['another']) })).toEqual([]);
});

test('where nothing may fail, a fault is a broken promise, even for a deleted server', () => {
  const gone = Object.assign(active(), { vm_state: 'deleted', deleted: true });
  const snapshot = { ...cloud(), instances: [gone], faults: new Map([[gone.uuid, 'Database error']]) };
  const accepted = { ...NO_PROMISES, booted: new Set([gone.uuid]), deleted: new Set([gone.uuid]) };
  expect(kinds(snapshot, accepted)).toEqual([]);
  expect(kinds(snapshot, { ...accepted, mayFail: false })).toEqual(['undone']);
  expect(kinds(snapshot, { ...NO_PROMISES, mayFail: false })).toEqual([]);
});
