import { silentLogger } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { expect, it } from 'vitest';
import { PowerState } from './compute/power-states.ts';
import { TaskState } from './compute/task-states.ts';
import { VmState } from './compute/vm-states.ts';
import { conductorSweeps } from './conductor/sweeps/index.ts';
import { Cloud } from './test/cloud.ts';
import { newInstance } from './test/new-objects.ts';

const TIMEOUT = 300;

const vmStates = [null, 'bewildered', ...Object.values(VmState)];
/** Ours, some of operations that are not served, and one that nobody knows. */
const taskStates = [
  null,
  ...Object.values(TaskState),
  'block_device_mapping',
  'resize_prep',
  'migrating',
  'soft-deleting',
  'twiddling',
];
/** On none, on one whose compute is up, on one whose compute is gone. */
const hosts = [null, 'host1', 'gone'];
const launches = [null, new Date('2026-01-01T00:00:00Z')];
const powerStates = [PowerState.NOSTATE, PowerState.RUNNING, PowerState.SHUTDOWN];

/** Every combination that the columns can hold, some of which no operation leads to. */
function everyCombination(): Instance[] {
  const combinations = vmStates.flatMap((vm_state) =>
    taskStates.flatMap((task_state) =>
      hosts.flatMap((host) =>
        launches.flatMap((launched_at) =>
          powerStates.map((power_state) => ({ vm_state, task_state, host, launched_at, power_state })),
        ),
      ),
    ),
  );
  // Nobody reads the recorded power state while there is a task: there each of them occurs, but not with all others.
  return combinations
    .filter(({ task_state, host }, index) => (task_state === null && host === 'host1') || index % 4 === 0)
    .map((values) => newInstance({ ...values, node: values.host }));
}

/** What a user can go on from, said without the table that is tested. */
function isAtRest({ deleted, vm_state, task_state, host, launched_at }: Instance): boolean {
  if (deleted) return true;
  if (task_state !== null || vm_state === null) return false;
  if (vm_state === 'error' || vm_state === 'soft-delete' || vm_state === 'shelved_offloaded') return true;
  const stable = ['active', 'stopped', 'paused', 'suspended', 'rescued', 'resized', 'shelved'];
  return stable.includes(vm_state) && host !== null && launched_at !== null;
}

async function rest(cloud: Cloud): Promise<Instance[]> {
  const found = await cloud.instances.list({ deleted: 'any' });
  return [...found];
}

it('every combination that can be stored comes to rest, with a fault where it is not what it was', async () => {
  const cloud = await Cloud.start({ hosts: { host1: { vcpus: 100_000 } } });
  const { db, instances, services, compute } = cloud;
  const before = new Map<string, Instance>();
  await db.transaction(async (trx) => {
    for (const instance of everyCombination()) {
      await instances.within(trx).create(instance);
      before.set(instance.uuid, instance);
    }
  });
  const hosted = [...before.values()].filter(({ host }) => host === 'host1');
  await cloud.driver('host1').initHost(
    cloud.ctxt,
    hosted.filter((_, index) => index % 2 === 0),
  );
  const config = { instance_build_timeout: TIMEOUT, service_down_time: 60 };
  const sweeps = conductorSweeps({ db, instances, services, compute, config, logger: silentLogger });
  const computeTasks = () => cloud.computes.get('host1')?.manager.periodicTasks() ?? [];
  const ageAll = async (seconds: number) => {
    const at = new Date(Date.now() - seconds * 1000).toISOString();
    await db.kysely.updateTable('instances').set({ created_at: at, updated_at: at }).execute();
  };

  // As time goes on: half the timeout, the whole, and once more for what was corrected meanwhile.
  for (const seconds of [TIMEOUT / 2 + 1, TIMEOUT + 1, TIMEOUT + 1]) {
    await ageAll(seconds);
    for (const task of sweeps) await task.run(cloud.ctxt);
    await expect.poll(() => stillAsked(cloud), { timeout: 60_000, interval: 200 }).toBe(0);
    for (const task of computeTasks()) await task.run(cloud.ctxt);
  }

  const after = await rest(cloud);
  expect(after).toHaveLength(before.size);
  const restless = after.filter((instance) => !isAtRest(instance));
  expect(restless.map(({ vm_state, task_state, host }) => [vm_state, task_state, host])).toEqual([]);
  expect(await disagreeing(cloud, after)).toEqual([]);
  const faults = await instances.latestFaults(after.map(({ uuid }) => uuid));
  const unexplained = after.filter((instance) => {
    const was = before.get(instance.uuid);
    return instance.vm_state === 'error' && was?.vm_state !== 'error' && !faults.has(instance.uuid);
  });
  expect(unexplained.map(({ uuid }) => before.get(uuid)?.vm_state)).toEqual([]);
}, 240_000);

/** Instances whose guest does not do what their state says. */
async function disagreeing(cloud: Cloud, all: Instance[]): Promise<string[]> {
  const guests = new Set(await cloud.driver('host1').listInstanceUuids());
  const found: string[] = [];
  for (const instance of all) {
    const { deleted, vm_state, host, uuid, power_state } = instance;
    if (deleted || host !== 'host1' || (vm_state !== 'active' && vm_state !== 'stopped')) continue;
    const guest = guests.has(uuid) ? (await cloud.driver('host1').getInfo(instance)).powerState : undefined;
    const expected = vm_state === 'active' ? PowerState.RUNNING : PowerState.SHUTDOWN;
    if (guest !== expected || power_state !== expected)
      found.push(`${vm_state}: ${guest}, recorded ${power_state}`);
  }
  return found;
}

/** Those that the compute was asked for and has not answered yet. */
async function stillAsked(cloud: Cloud): Promise<number> {
  const asked = await cloud.instances.list({ host: 'host1', taskStates: [TaskState.DELETING] });
  return [...asked].length;
}
