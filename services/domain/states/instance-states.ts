import type { Instance } from '@mini-nova/objects';
import { type Operation, operations, passes } from '../operations.ts';
import { PowerState } from './power-state.ts';
import { TaskState, type TaskStateRow, taskStates, unownedTask, type WhenStuck } from './task-state.ts';
import { VmState, vmStatesResting } from './vm-state.ts';

/** What holds of a task: what its row says, if there is an operation that passes through it. */
export function taskRule(task: TaskState): TaskStateRow {
  return operationOfTask(task) === undefined ? unownedTask : taskStates[task];
}

/** Undefined: no operation here passes through it. */
export function operationOfTask(task: TaskState): Operation | undefined {
  return Object.values<Operation>(operations).find((operation) => passes(operation, task));
}

/** What of an instance's record says whose turn it is. */
export type StoredState = Pick<Instance, 'vm_state' | 'task_state' | 'host' | 'launched_at'>;

/** How an instance comes to rest from a state. */
export type Way =
  | WhenStuck
  /** It is at rest: the next step is the user's. */
  | 'rest'
  /** What the failed build has left on its host is removed, and the instance is on no host. */
  | 'leave the host'
  /** It was launched when it was last changed: the record gets the time. */
  | 'note the launch'
  /** ERROR with a fault that says what is wrong. */
  | 'declare an error';

/** Who has to see to it. The conductor also for a compute that does not: its message, or it itself, is lost. */
export type Owner = 'nobody' | 'compute' | 'conductor';

interface StateRule {
  /** What the state is; for one that cannot be, what is wrong with it. */
  is: string;
  /** What a record must be; what is left out may be anything. */
  when: {
    vmStates?: readonly string[];
    /** None of these, nor null. */
    otherVmStatesThan?: readonly string[];
    /** `any`: some task. */
    taskStates?: readonly string[] | 'any';
    onHost?: boolean;
    launched?: boolean;
  };
  owner: Owner;
  way: Way;
}

const { ACTIVE, BUILDING, STOPPED, PAUSED, ERROR, DELETED } = VmState;

/** States in which an instance has a guest on a host, or had one that it gets back. */
const hosted: readonly string[] = vmStatesResting('on its host');

const known: readonly string[] = Object.values(VmState);

/** The tasks that come to rest in this way. */
function tasksThat(way: WhenStuck): readonly string[] {
  return Object.values(TaskState).filter((task) => taskRule(task).whenStuck === way);
}

/**
 * Every state of a living record, the possible and the impossible ones: the first rule that fits holds. All that
 * watches over instances derives from it: the conductor's sweeps, and what a compute does when it starts.
 */
const rules: readonly StateRule[] = [
  {
    is: 'is being deleted',
    when: { taskStates: tasksThat('finish the deletion') },
    owner: 'compute',
    way: 'finish the deletion',
  },
  {
    is: 'is deleted, but its record is not',
    when: { vmStates: [DELETED] },
    owner: 'conductor',
    way: 'finish the deletion',
  },
  {
    is: 'is in no vm_state that there is',
    when: { otherVmStatesThan: known },
    owner: 'conductor',
    way: 'declare an error',
  },
  {
    is: 'is being built although it was launched before',
    when: { vmStates: [BUILDING], launched: true },
    owner: 'conductor',
    way: 'declare an error',
  },
  { is: 'is being built', when: { vmStates: [BUILDING] }, owner: 'compute', way: 'end the build' },
  {
    is: 'should be on a host, and is on none',
    when: { vmStates: hosted, onHost: false },
    owner: 'conductor',
    way: 'declare an error',
  },
  {
    is: 'has a guest that was never launched',
    when: { vmStates: hosted, launched: false },
    owner: 'conductor',
    way: 'note the launch',
  },
  {
    is: 'is in a power change',
    when: { taskStates: tasksThat('finish the power change'), onHost: true },
    owner: 'compute',
    way: 'finish the power change',
  },
  {
    is: 'has a task that nobody does',
    when: { taskStates: 'any' },
    owner: 'conductor',
    way: 'clear the task',
  },
  {
    is: 'is a failed build that has not left its host',
    when: { vmStates: [ERROR], onHost: true, launched: false },
    owner: 'compute',
    way: 'leave the host',
  },
  { is: 'is at rest', when: {}, owner: 'nobody', way: 'rest' },
];

/** Whose turn it is with a living instance, and what is to be done. */
export function ruleFor(instance: StoredState): Pick<StateRule, 'is' | 'owner' | 'way'> {
  const rule = rules.find(({ when }) => fits(instance, when));
  if (!rule) throw new TypeError('The last rule fits every state');
  return rule;
}

export function wayOf(instance: StoredState): Way {
  return ruleFor(instance).way;
}

/** For queries: without a task, instances in these states are no conductor's business. */
export const restingStates = {
  /** Wherever they are. */
  anywhere: vmStatesResting('anywhere') as readonly string[],
  /** On a host, and launched. */
  onHost: hosted,
};

function fits(instance: StoredState, when: StateRule['when']): boolean {
  const { vm_state, task_state, host, launched_at } = instance;
  const { vmStates, otherVmStatesThan, taskStates, onHost, launched } = when;
  if (vmStates && !vmStates.includes(vm_state ?? '')) return false;
  if (otherVmStatesThan?.includes(vm_state ?? '')) return false;
  if (taskStates === 'any' && task_state === null) return false;
  if (Array.isArray(taskStates) && !taskStates.includes(task_state ?? '')) return false;
  if (onHost !== undefined && onHost !== (host !== null)) return false;
  return launched === undefined || launched === (launched_at !== null);
}

/** What a compute does with a guest of an instance at rest, as Nova's periodic task. */
export type PowerOutcome =
  /** The record gets the guest's power state, if it has another. */
  | 'record'
  /** The guest stopped by itself, or runs although it was stopped: it is off, and its instance STOPPED, afterwards. */
  | 'stop'
  /** There is no guest: ERROR with a fault. */
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
