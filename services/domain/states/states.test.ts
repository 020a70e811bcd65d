import { describe, expect, it } from 'vitest';
import { type Operation, operations, type PowerOperation, powerOperations } from '../operations.ts';
import { operationOfTask, taskRule } from './instance-states.ts';
import { serverStatus, statesOfStatus } from './server-status.ts';
import { TaskState, type TaskStateRow, taskStates } from './task-state.ts';
import { type VmState, type VmStateRow, vmStates } from './vm-state.ts';

it('a state without its row does not compile', () => {
  // @ts-expect-error twiddling has no owner
  const tasks: Record<TaskState | 'twiddling', TaskStateRow> = taskStates;
  // @ts-expect-error nobody says where a bewildered instance rests
  const states: Record<VmState | 'bewildered', VmStateRow> = vmStates;
  expect([tasks, states]).toEqual([taskStates, vmStates]);
});

it('a row that leaves something out does not compile', () => {
  // @ts-expect-error nobody says what happens when its daemon starts again
  const task: TaskStateRow = {
    owner: 'compute',
    whenStuck: 'clear the task',
    after: 'instance_build_timeout',
  };
  // @ts-expect-error nobody says where it ends
  const operation: Operation = { name: 'twiddle', allowed: {}, tasks: [TaskState.MIGRATING] };
  // @ts-expect-error a task that is no change of power
  const power: PowerOperation = { ...powerOperations.start, tasks: [TaskState.MIGRATING] };
  expect([task, operation, power]).toHaveLength(3);
});

it('each task belongs to one operation at most', () => {
  const all = Object.values<Operation>(operations).flatMap(({ tasks }) => [...tasks]);
  expect(new Set(all).size).toBe(all.length);
});

describe('what holds of a task', () => {
  it('is what its row says, if an operation passes through it', () => {
    expect(taskRule(TaskState.POWERING_ON)).toBe(taskStates['powering-on']);
    expect(operationOfTask(TaskState.POWERING_ON)).toBe(operations.start);
  });

  it('is otherwise that nobody owns it', () => {
    const unserved = Object.values(TaskState).filter((task) => operationOfTask(task) === undefined);
    expect(unserved).toContain(TaskState.RESIZE_PREP);
    for (const task of unserved) {
      expect(taskRule(task)).toMatchObject({
        owner: 'nobody',
        atStart: 'nothing',
        whenStuck: 'clear the task',
      });
    }
  });
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
