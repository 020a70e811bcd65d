import { isDeepStrictEqual } from 'node:util';
import { FakeDriver } from '@mini-nova/compute/virt/fake/fake-driver';
import { conductorSweeps } from '@mini-nova/conductor/sweeps/index';
import { type PowerOperation, powerOperationOf, powerOperations } from '@mini-nova/domain/operations';
import { taskRule } from '@mini-nova/domain/states/instance-states';
import { secondsOf } from '@mini-nova/domain/states/patience';
import { PowerState } from '@mini-nova/domain/states/power-state';
import {
  type AtStart,
  TaskState,
  type TaskStateRow,
  type WhenStuck,
} from '@mini-nova/domain/states/task-state';
import { silentLogger } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const tasks = Object.values(TaskState);
const A_YEAR = 365 * 24 * 3600;

/** What the test goes by, of every task: its row, as the code and docs/states.md have it. */
const rows = tasks.map((task) => ({ task, ...taskRule(task) }));

type Records = Map<TaskState, Instance>;

/** An instance in each task, in the vm_state in which it has it. */
async function recordEach(cloud: Cloud): Promise<Records> {
  const records: Records = new Map();
  for (const { task, whenStuck } of rows) {
    const host = task === TaskState.SCHEDULING ? null : 'host1';
    const state =
      whenStuck === 'end the build'
        ? { vm_state: 'building', launched_at: null }
        : { vm_state: 'active', launched_at: new Date(), power_state: PowerState.RUNNING };
    const instance = newInstance({ ...state, task_state: task, host, node: host });
    await cloud.instances.create(instance);
    records.set(task, instance);
  }
  return records;
}

async function statesOf(cloud: Cloud, records: Records): Promise<{ [task: string]: object }> {
  const states: { [task: string]: object } = {};
  for (const [task, { uuid }] of records) {
    const { vm_state, task_state, deleted } = await cloud.instances.getByUuid(uuid, { includeDeleted: true });
    states[task] = { vm_state, task_state, deleted, fault: (await cloud.fault(uuid))?.message };
  }
  return states;
}

function eachTask<T>(say: (row: (typeof rows)[number]) => T): { [task: string]: T } {
  return Object.fromEntries(rows.map((row) => [row.task, say(row)]));
}

describe('what a conductor does with a task that makes no progress is what its row says', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** How a record is that was settled as its row says. */
  const outcomes: { [W in WhenStuck]: (task: TaskState, seconds: number) => object } = {
    'end the build': (task, seconds) => ({
      vm_state: 'error',
      task_state: null,
      deleted: false,
      fault: expect.stringContaining(`no progress for ${seconds} seconds in task_state ${task}`),
    }),
    'finish the deletion': () => ({
      vm_state: 'deleted',
      task_state: null,
      deleted: true,
      fault: undefined,
    }),
    'finish the power change': (task, seconds) => ({
      vm_state: 'active',
      task_state: null,
      deleted: false,
      fault: expect.stringContaining(`no progress for ${seconds} seconds in task_state ${task}`),
    }),
    'clear the task': (task) => ({
      vm_state: 'active',
      task_state: null,
      deleted: false,
      fault: expect.stringContaining(`has a task that nobody does (vm_state active, task_state ${task}`),
    }),
  };

  /** A conductor's sweeps, and the instances about which it asks their compute. */
  async function conductorWith(instance_build_timeout: number) {
    const cloud = await Cloud.start({ hosts: {}, scheduler: false, conductor: false });
    const asked = new Set<string>();
    const compute = new Proxy(cloud.compute, {
      get:
        () =>
        async (_ctxt: unknown, { instance }: { instance: Instance }) =>
          void asked.add(instance.uuid),
    });
    const { db, instances, services } = cloud;
    const config = { instance_build_timeout, service_down_time: 60 };
    const sweeps = conductorSweeps({ db, instances, services, compute, config, logger: silentLogger });
    const sweep = async () => {
      for (const { spacing, run } of sweeps) if (spacing >= 0) await run(cloud.ctxt);
    };
    return { cloud, config, asked, sweep };
  }

  /** Seconds after which something is looked at: just before and just after each time that a row says, and ages later. */
  function checkpoints(times: readonly number[]): number[] {
    const around = times.filter(Number.isFinite).flatMap((seconds) => [seconds - 1, seconds + 1]);
    return [...new Set([...around, A_YEAR])].sort((one, other) => one - other);
  }

  it.each([120, 0])('with instance_build_timeout %d, and a compute that is down', async (timeout) => {
    const { cloud, config, asked, sweep } = await conductorWith(timeout);
    const records = await recordEach(cloud);
    const before = await statesOf(cloud, records);
    const settled: { [task: string]: { after: number; state: object } } = {};
    const times = eachTask((row) => secondsOf(row, config));
    let passed = 0;

    for (const after of checkpoints(Object.values(times))) {
      vi.advanceTimersByTime((after - passed) * 1000);
      passed = after;
      await sweep();
      for (const [task, state] of Object.entries(await statesOf(cloud, records))) {
        if (!isDeepStrictEqual(state, before[task])) settled[task] ??= { after, state };
      }
    }

    const timed = rows.filter(({ task }) => Number.isFinite(times[task]));
    const expected = timed.map(({ task, whenStuck }) => {
      const seconds = times[task] ?? 0;
      return [task, { after: seconds + 1, state: outcomes[whenStuck](task, seconds) }];
    });
    expect(settled).toEqual(Object.fromEntries(expected));
    expect(asked).toEqual(new Set());
  });

  it.each([120, 0])('with instance_build_timeout %d, and a compute that is up', async (timeout) => {
    const { cloud, config, asked, sweep } = await conductorWith(timeout);
    const records = await recordEach(cloud);
    const firstAsked: { [task: string]: number } = {};
    const shareOf = (row: TaskStateRow) => ('askedAgainAfter' in row ? row.askedAgainAfter : Infinity);
    const times = eachTask((row) => secondsOf(row, config) * shareOf(row));
    let passed = 0;

    for (const after of checkpoints(Object.values(times))) {
      vi.advanceTimersByTime((after - passed) * 1000);
      passed = after;
      const compute = { host: 'host1', binary: 'nova-compute', topic: 'compute', version: 1 };
      await cloud.services.register(compute);
      await sweep();
      for (const [task, { uuid }] of records) if (asked.has(uuid)) firstAsked[task] ??= after;
    }

    const repeated = Object.entries(times).filter(([, seconds]) => Number.isFinite(seconds));
    expect(firstAsked).toEqual(Object.fromEntries(repeated.map(([task, seconds]) => [task, seconds + 1])));
  });
});

function powerOperationFor(task: TaskState): PowerOperation {
  const name = powerOperationOf(task);
  if (name === undefined) throw new Error(`${task} is of no power operation`);
  return powerOperations[name];
}

/** The vm_state that is recorded when the guest runs: then the operation is done. */
function foundRunning(task: TaskState): string | undefined {
  return powerOperationFor(task).found?.[PowerState.RUNNING];
}

it('what a compute does with a task when it starts is what its row says', async () => {
  const cloud = await Cloud.start({ hosts: {}, scheduler: false });
  const records = await recordEach(cloud);
  const before = await statesOf(cloud, records);
  const driver = new FakeDriver('host1');
  const initHost = driver.initHost.bind(driver);
  // Of those that were launched, the guests run, as a change that was carried out leaves them.
  driver.initHost = (ctxt, instances) =>
    initHost(
      ctxt,
      instances.filter(({ launched_at }) => launched_at !== null),
    );
  const others = ['constructor', 'initHost', 'destroy'];
  const methods = Object.getOwnPropertyNames(FakeDriver.prototype).filter((name) => !others.includes(name));
  // Whichever is called with an instance changes its power, and is of this form.
  const calls = methods.map((method) => vi.spyOn(driver, method as 'pause'));

  await cloud.startCompute('host1', driver);

  const atRest = { task_state: null, deleted: false, fault: undefined };
  const outcomes: { [S in AtStart]: (row: (typeof rows)[number]) => object } = {
    nothing: ({ task }) => before[task] ?? {},
    'give up': ({ task }) => ({
      vm_state: 'error',
      task_state: null,
      fault: expect.stringContaining(`was restarted during the build (${task})`),
    }),
    repeat: ({ whenStuck }) =>
      whenStuck === 'finish the deletion' ? { ...atRest, vm_state: 'deleted', deleted: true } : atRest,
    'repeat unless done': ({ task }) => ({
      ...atRest,
      vm_state: foundRunning(task) ?? powerOperationFor(task).result,
    }),
  };
  expect(await statesOf(cloud, records)).toMatchObject(eachTask((row) => outcomes[row.atStart](row)));
  const called = calls.flatMap(({ mock }) => mock.calls.flatMap(([, instance]) => instance?.uuid ?? []));
  const repeated = rows.filter(
    ({ task, atStart, whenStuck }) =>
      whenStuck === 'finish the power change' &&
      (atStart === 'repeat' || (atStart === 'repeat unless done' && !foundRunning(task))),
  );
  expect(new Set(called)).toEqual(new Set(repeated.map(({ task }) => records.get(task)?.uuid)));
});
