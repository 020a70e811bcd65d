import { conductorSweeps } from '@mini-nova/conductor/sweeps/index';
import { restingStates, wayOf } from '@mini-nova/domain/states/instance-states';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import { silentLogger } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { expect, it } from 'vitest';

const TIMEOUT = 300;

const vmStates = [null, 'bewildered', ...Object.values(VmState)];
/** Those used here, some of operations that are not served, and an unknown one. */
const taskStates = [
  null,
  ...Object.values(TaskState),
  'block_device_mapping',
  'resize_prep',
  'migrating',
  'soft-deleting',
  'twiddling',
];
/** One of each kind. */
const kindsOfTasks = [
  null,
  TaskState.SPAWNING,
  TaskState.POWERING_OFF,
  TaskState.REBOOTING_HARD,
  TaskState.REBOOT_STARTED,
  TaskState.DELETING,
  'resize_prep',
  'twiddling',
];
/** On no host, on one whose compute is up, on one whose compute has gone. */
const hosts = [null, 'host1', 'gone'];
const launches = [null, new Date('2026-01-01T00:00:00Z')];
const powerStates = [PowerState.NOSTATE, PowerState.RUNNING, PowerState.SHUTDOWN];

/** Every combination that the columns can hold, including those to which no operation leads. */
function everyCombination(tasks: readonly (string | null)[]): Instance[] {
  const combinations = vmStates.flatMap((vm_state) =>
    tasks.flatMap((task_state) =>
      hosts.flatMap((host) => launches.map((launched_at) => ({ vm_state, task_state, host, launched_at }))),
    ),
  );
  return combinations.flatMap((values, index) => {
    const { host, task_state } = values;
    // Nobody reads the recorded power state while there is a task, so each occurs there, but not in all combinations.
    const powers =
      host === 'host1' && task_state === null
        ? powerStates
        : [powerStates[index % powerStates.length] ?? PowerState.NOSTATE];
    return powers.map((power_state) => newInstance({ ...values, node: host, power_state }));
  });
}

async function record(cloud: Cloud, all: readonly Instance[]): Promise<void> {
  await cloud.db.transaction(async (trx) => {
    for (const instance of all) await cloud.instances.within(trx).create(instance);
  });
}

it('a conductor looks for every combination that is not at rest, and for no other', async () => {
  const cloud = await Cloud.start({ hosts: {}, scheduler: false, conductor: false });
  const all = everyCombination(taskStates);
  await record(cloud, all);

  const found = await cloud.instances.list({ unsettled: restingStates });

  // What a failed build has left on its host is visible only there.
  const restless = all.filter((instance) => !['rest', 'leave the host'].includes(wayOf(instance)));
  expect(new Set([...found].map(({ uuid }) => uuid))).toEqual(new Set(restless.map(({ uuid }) => uuid)));
  const notAtRest = all.filter((instance) => !isAtRest(instance));
  expect(new Set(restless)).toEqual(new Set(notAtRest));
}, 300_000);

/** States from which a user can go on, written without the table under test. */
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
  const all = everyCombination(kindsOfTasks);
  await record(cloud, all);
  const before = new Map(all.map((instance) => [instance.uuid, instance]));
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

  // As time passes: half the timeout, all of it, and once more for what was corrected meanwhile.
  for (const seconds of [TIMEOUT / 2 + 1, TIMEOUT + 1, TIMEOUT + 1]) {
    await ageAll(seconds);
    for (const task of sweeps) await task.run(cloud.ctxt);
    await expect.poll(() => stillAsked(cloud), { timeout: 300_000, interval: 200 }).toBe(0);
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
}, 900_000);

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

/** Requests to the compute that it has not answered yet. */
async function stillAsked(cloud: Cloud): Promise<number> {
  const asked = await cloud.instances.list({ host: 'host1', taskStates: [TaskState.DELETING] });
  return [...asked].length;
}
