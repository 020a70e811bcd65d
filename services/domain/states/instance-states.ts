import type { Instance } from '@mini-nova/objects';
import { type Operation, operations, passes } from '../operations.ts';
import { type Patience, untilBuilt, untilSettled } from './patience.ts';
import { PowerState } from './power-state.ts';
import {
  type AtStart,
  isTaskState,
  type TaskOwner,
  TaskState,
  type TaskStateRow,
  taskStates,
  unownedTask,
  type WhenStuck,
} from './task-state.ts';
import { VmState, vmStatesResting } from './vm-state.ts';

/** The row of a task state. A power change that no operation here makes counts as unowned: nothing could finish it. */
export function taskRule(task: TaskState): TaskStateRow {
  const row = taskStates[task];
  if (row.whenStuck === 'finish the power change' && operationOfTask(task) === undefined) return unownedTask;
  return row;
}

/** The operation that passes through the task state; undefined: none here does. */
export function operationOfTask(task: TaskState): Operation | undefined {
  return Object.values<Operation>(operations).find((operation) => passes(operation, task));
}

/** The fields of an instance's record that say whose turn it is. */
export type StoredState = Pick<Instance, 'vm_state' | 'task_state' | 'host' | 'launched_at'>;

/** How an instance comes to rest from a state. */
export type Way =
  | WhenStuck
  /** It is at rest: the next step is the user's. */
  | 'rest'
  /** What the failed build has left on its host is removed; then the instance is on no host. */
  | 'leave the host'
  /** The time of its last change is recorded as that of its launch. */
  | 'note the launch'
  /** It goes to ERROR, with a fault that says what is wrong. */
  | 'declare an error';

/** What is to be done in a state, from the row of its task state or from its rule. */
export interface Plan {
  /** Who has to act. When a compute does not, since its message or the compute itself is lost, the conductor acts for it. */
  readonly owner: TaskOwner;
  readonly atStart: AtStart;
  readonly way: Way;
  /** Null: the conductor leaves it alone. */
  readonly patience: Patience | null;
  /** The share of the patience after which its compute is asked again. */
  readonly askedAgainAfter?: number;
}

interface StateCondition {
  /** A description of the state; for an impossible one, what is wrong with it. */
  readonly is: string;
  /** The conditions on a record; a field that is left out may have any value. */
  readonly when: {
    readonly vmStates?: readonly string[];
    /** None of these, nor null. */
    readonly otherVmStatesThan?: readonly string[];
    /** `any`: some task. */
    readonly taskStates?: readonly string[] | 'any';
    readonly onHost?: boolean;
    readonly launched?: boolean;
  };
}

type StateRule = StateCondition &
  (
    | Plan
    /** It holds for the task states with this `whenStuck`, whose rows say the rest. */
    | { readonly byTask: WhenStuck }
  );

const { ACTIVE, BUILDING, STOPPED, PAUSED, ERROR, DELETED } = VmState;

/** States in which an instance has a guest on a host, or will get one back. */
const hosted: readonly string[] = vmStatesResting('on its host');

const known: readonly string[] = Object.values(VmState);

/** The task states that come to rest in this way. */
export function tasksThat(way: WhenStuck): TaskState[] {
  return Object.values(TaskState).filter((task) => taskRule(task).whenStuck === way);
}

const scheduled = Object.values(TaskState).filter((task) => taskRule(task).owner === 'conductor');

/** Nobody works on it: the conductor settles it in this way. */
function settledBy(way: Way): Plan {
  return { owner: 'nobody', atStart: 'nothing', way, patience: untilSettled };
}

/** Its compute works on it, whatever its task state. */
const builtHere: Plan = { owner: 'compute', atStart: 'give up', way: 'end the build', patience: untilBuilt };

/**
 * Every state of a record that is not deleted, possible or impossible. The first rule that fits holds. The conductor's sweeps,
 * a compute's recovery at its start, and docs/states.md derive from these rules.
 */
export const stateRules: readonly StateRule[] = [
  { is: 'is being deleted', when: {}, byTask: 'finish the deletion' },
  {
    is: 'is deleted, but its record is not',
    when: { vmStates: [DELETED] },
    // Nova's compute saves the vm_state before it deletes the record, and finishes that when it starts.
    owner: 'compute',
    atStart: 'repeat',
    way: 'finish the deletion',
    patience: untilSettled,
  },
  {
    is: 'is in no vm_state that there is',
    when: { otherVmStatesThan: known },
    ...settledBy('declare an error'),
  },
  {
    is: 'is being built although it was launched before',
    when: { vmStates: [BUILDING], launched: true },
    ...settledBy('declare an error'),
  },
  {
    is: 'is waiting for a host, and has one',
    when: { vmStates: [BUILDING], taskStates: scheduled, onHost: true },
    ...builtHere,
  },
  { is: 'is being built', when: { vmStates: [BUILDING] }, byTask: 'end the build' },
  { is: 'is being built, and does not say what is done to it', when: { vmStates: [BUILDING] }, ...builtHere },
  {
    is: 'should be on a host, and is on none',
    when: { vmStates: hosted, onHost: false },
    ...settledBy('declare an error'),
  },
  {
    is: 'has a guest that was never launched',
    when: { vmStates: hosted, launched: false },
    ...settledBy('note the launch'),
  },
  { is: 'is in a power change', when: { onHost: true }, byTask: 'finish the power change' },
  { is: 'has a task that nobody does', when: {}, byTask: 'clear the task' },
  { is: 'has a task that nobody does', when: { taskStates: 'any' }, ...settledBy('clear the task') },
  {
    is: 'is a failed build that has not left its host',
    when: { vmStates: [ERROR], onHost: true, launched: false },
    owner: 'compute',
    atStart: 'repeat',
    way: 'leave the host',
    patience: null,
  },
  { is: 'is at rest', when: {}, owner: 'nobody', atStart: 'nothing', way: 'rest', patience: null },
];

/** Whose turn it is with an instance that is not deleted, what is to be done, and when. */
export function ruleFor(instance: StoredState): Plan & { readonly is: string } {
  const rule = stateRules.find((candidate) => fits(instance, candidate));
  if (!rule) throw new TypeError('The last rule fits every state');
  return 'byTask' in rule ? { is: rule.is, ...planOf(instance.task_state) } : rule;
}

function planOf(task: string | null): Plan {
  if (!isTaskState(task)) throw new TypeError(`Task ${task} has no row`);
  const row = taskRule(task);
  const { owner, atStart, whenStuck } = row;
  return {
    owner,
    atStart,
    way: whenStuck,
    patience: row,
    askedAgainAfter: 'askedAgainAfter' in row ? row.askedAgainAfter : undefined,
  };
}

/** The plans of all states that come to rest in one of these ways. */
export function plansOf(ways: readonly Way[]): Plan[] {
  const byRule = stateRules.filter((rule) => 'way' in rule);
  return [...Object.values(TaskState).map(planOf), ...byRule].filter(({ way }) => ways.includes(way));
}

export function wayOf(instance: StoredState): Way {
  return ruleFor(instance).way;
}

/** For queries: instances without a task in these states are at rest, and the conductor leaves them alone. */
export const restingStates = {
  /** On any host or none. */
  anywhere: vmStatesResting('anywhere') as readonly string[],
  /** On a host, and launched. */
  onHost: hosted,
};

function fits(instance: StoredState, rule: StateRule): boolean {
  const { vm_state, task_state, host, launched_at } = instance;
  if ('byTask' in rule && !(isTaskState(task_state) && taskRule(task_state).whenStuck === rule.byTask))
    return false;
  const { vmStates, otherVmStatesThan, taskStates, onHost, launched } = rule.when;
  if (vmStates && !vmStates.includes(vm_state ?? '')) return false;
  if (otherVmStatesThan?.includes(vm_state ?? '')) return false;
  if (taskStates === 'any' && task_state === null) return false;
  if (Array.isArray(taskStates) && !taskStates.includes(task_state ?? '')) return false;
  if (onHost !== undefined && onHost !== (host !== null)) return false;
  return launched === undefined || launched === (launched_at !== null);
}

/** What a compute does about the guest of an instance at rest, as in Nova's periodic task. */
export type PowerOutcome =
  /** The record gets the guest's power state, if it has another. */
  | 'record'
  /** The guest stopped by itself, or runs although it was stopped. Afterwards it is off, and its instance STOPPED. */
  | 'stop'
  /** There is no guest: the instance goes to ERROR, with a fault. */
  | 'declare an error';

const off: readonly number[] = [PowerState.NOSTATE, PowerState.SHUTDOWN, PowerState.CRASHED];
const stoppedByItself: readonly number[] = [PowerState.SHUTDOWN, PowerState.CRASHED, PowerState.SUSPENDED];

export function isOff(powerState: number): boolean {
  return off.includes(powerState);
}

/** `guest`: its power state; undefined when there is none. */
export function powerOutcome(vmState: string | null, guest: number | undefined): PowerOutcome {
  if (guest === undefined) return hosted.includes(vmState ?? '') ? 'declare an error' : 'record';
  if (vmState === PAUSED && (guest === PowerState.SHUTDOWN || guest === PowerState.CRASHED)) return 'stop';
  if (vmState === ACTIVE && stoppedByItself.includes(guest)) return 'stop';
  if (vmState === STOPPED && !isOff(guest)) return 'stop';
  return 'record';
}
