import { describe, expect, it } from 'vitest';
import { type Operation, operations, type PowerOperation, powerOperations } from '../operations.ts';
import { domainOptions } from '../options.ts';
import { operationOfTask, taskRule } from './instance-states.ts';
import { serverStatus, statesOfStatus } from './server-status.ts';
import { TaskState, type TaskStateRow, taskStates } from './task-state.ts';
import { type VmState, type VmStateRow, vmStates } from './vm-state.ts';

it('a state without its row does not compile', () => {
  // @ts-expect-error twiddling has no owner
  const tasks: Record<TaskState | 'twiddling', TaskStateRow> = taskStates;
  // @ts-expect-error bewildered has no place to rest
  const states: Record<VmState | 'bewildered', VmStateRow> = vmStates;
  expect([tasks, states]).toEqual([taskStates, vmStates]);
});

const row = {
  owner: 'compute',
  atStart: 'repeat',
  whenStuck: 'finish the deletion',
  askedAgainAfter: 1,
} as const;
const timed = { after: 'instance_build_timeout', withoutTimeout: 300 } as const;

it('an incomplete row does not compile', () => {
  const { owner, atStart, whenStuck, askedAgainAfter } = row;
  const complete: TaskStateRow = { ...row, ...timed };
  const rows: TaskStateRow[] = [
    // @ts-expect-error the owner is missing
    { atStart, whenStuck, askedAgainAfter, ...timed },
    // @ts-expect-error what happens when its daemon starts again is missing
    { owner, whenStuck, askedAgainAfter, ...timed },
    // @ts-expect-error what happens when it is stuck is missing
    { owner, atStart, askedAgainAfter, ...timed },
    // @ts-expect-error when its compute is asked again is missing
    { owner, atStart, whenStuck, ...timed },
    // @ts-expect-error the option with the time is missing
    { ...row, withoutTimeout: 300 },
    // @ts-expect-error the time without the option is missing
    { ...row, after: 'instance_build_timeout' },
    // @ts-expect-error no such option
    { ...row, after: 'twiddle_timeout', withoutTimeout: 300 },
  ];
  // @ts-expect-error its result is missing
  const operation: Operation = { name: 'twiddle', allowed: {}, tasks: [TaskState.DELETING] };
  expect([complete, ...rows, operation]).toHaveLength(9);
});

it('a row with a plan that no daemon carries out does not compile', () => {
  const rows: TaskStateRow[] = [
    // @ts-expect-error a conductor does nothing when it starts
    { ...row, ...timed, owner: 'conductor' },
    // @ts-expect-error a deletion is not given up
    { ...row, ...timed, atStart: 'give up' },
    // @ts-expect-error the task of a compute is not just cleared
    { ...row, ...timed, whenStuck: 'clear the task' },
    // @ts-expect-error nobody repeats what nobody owns
    { ...timed, owner: 'nobody', atStart: 'repeat', whenStuck: 'clear the task' },
  ];
  // @ts-expect-error nobody owns the task
  const operation: Operation = { ...operations.build, tasks: [TaskState.MIGRATING] };
  // @ts-expect-error a task that is no change of power
  const power: PowerOperation = { ...powerOperations.start, tasks: [TaskState.DELETING] };
  expect([...rows, operation, power]).toHaveLength(6);
});

it('each task state belongs to at most one operation', () => {
  const all = Object.values<Operation>(operations).flatMap(({ tasks }) => [...tasks]);
  expect(new Set(all).size).toBe(all.length);
});

describe('the rule of a task state', () => {
  it('is its row', () => {
    expect(taskRule(TaskState.POWERING_ON)).toBe(taskStates['powering-on']);
    expect(operationOfTask(TaskState.POWERING_ON)).toBe(operations.start);
    expect(taskRule(TaskState.BLOCK_DEVICE_MAPPING)).toBe(taskStates.block_device_mapping);
  });

  it('is that nobody owns it, if no operation could finish it', () => {
    // A build can be in more task states than the build here passes through.
    const others = Object.values(TaskState).filter((task) => taskStates[task].whenStuck !== 'end the build');
    const unserved = others.filter((task) => operationOfTask(task) === undefined);
    expect(unserved.length).toBeGreaterThan(0);
    for (const task of unserved) {
      expect(taskRule(task)).toMatchObject({
        owner: 'nobody',
        atStart: 'nothing',
        whenStuck: 'clear the task',
      });
    }
  });
});

it('the help of the timeout agrees with the rows', () => {
  const { withoutTimeout, askedAgainAfter } = taskStates.deleting;
  const { doc } = domainOptions.DEFAULT.instance_build_timeout;
  expect(doc).toContain(`(with 0: after ${withoutTimeout * askedAgainAfter} seconds)`);
});

describe('the status of a server', () => {
  it.each([
    ['active', null, 'ACTIVE'],
    ['active', 'spawning', 'ACTIVE'],
    ['active', 'reboot_started_hard', 'HARD_REBOOT'],
    ['active', 'updating_password', 'PASSWORD'],
    ['stopped', 'resize_prep', 'RESIZE'],
    ['resized', 'resize_reverting', 'REVERT_RESIZE'],
    ['paused', 'migrating', 'MIGRATING'],
    ['error', 'rebuild_spawning', 'REBUILD'],
    ['rescued', null, 'RESCUE'],
    ['shelved_offloaded', null, 'SHELVED_OFFLOADED'],
    ['soft-delete', 'restoring', 'SOFT_DELETED'],
    ['bewildered', null, 'UNKNOWN'],
    [null, 'toString', 'UNKNOWN'],
    ['active', 'toString', 'ACTIVE'],
  ])('of %s with task %s is %s, as in Nova', (vmState, taskState, status) => {
    expect(serverStatus(vmState, taskState)).toBe(status);
  });

  it('is found by the states that lead to it', () => {
    expect(statesOfStatus(['reboot', 'SHUTOFF'])).toEqual([
      { vmState: 'active', taskStates: ['rebooting', 'reboot_pending', 'reboot_started'] },
      { vmState: 'stopped' },
    ]);
    expect(statesOfStatus(['UNKNOWN', 'nonsense'])).toEqual([]);
  });
});
