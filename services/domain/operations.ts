import type * as exceptions from './exceptions/index.ts';
import type { ExpectedStates } from './states/expected-states.ts';
import { PowerState } from './states/power-state.ts';
import { TaskState, type taskStates } from './states/task-state.ts';
import { VmState } from './states/vm-state.ts';

/** The states in which users may ask for an operation. */
export interface AllowedStates extends ExpectedStates {
  /** The instance must have run once. */
  readonly launched?: true;
}

/** The tasks that somebody sees to, as their rows say. */
type OwnedTask = {
  [T in TaskState]: (typeof taskStates)[T]['owner'] extends 'nobody' ? never : T;
}[TaskState];

/** What is said of every operation on an instance. */
export interface Operation {
  /** As users are told that it is not allowed. */
  readonly name: string;
  readonly allowed: AllowedStates;
  /** Passed in this order; the first is recorded when the request is accepted. None: the record says nothing of it. */
  readonly tasks: readonly OwnedTask[];
  /** The vm_state after it; null: as before. */
  readonly result: VmState | null;
}

type Exceptions = typeof exceptions;
/** The exceptions that are made of a reason alone. */
type Failure = {
  [E in keyof Exceptions]: Exceptions[E] extends new (data: { reason: string }) => Error ? E : never;
}[keyof Exceptions];

/** The tasks that are finished as changes of power. */
export type PowerTask = {
  [T in TaskState]: (typeof taskStates)[T]['whenStuck'] extends 'finish the power change' ? T : never;
}[TaskState];

/**
 * A change of what a guest does (runs, is off, is paused) that its compute makes, and nobody else takes part in: all that the
 * daemons do for it follows from this row, but the driver's call.
 */
export interface PowerOperation extends Operation {
  readonly tasks: readonly [PowerTask, ...PowerTask[]];
  readonly result: VmState;
  /** The key of the body of `POST /servers/{id}/action`; without `hasBody`, its value is null. */
  readonly action: string;
  readonly hasBody?: true;
  /** The compute's RPC method, and what it is asked for beside the instance. */
  readonly request: { readonly method: string; readonly args: object };
  /** In notifications: `instance.<event>.start`. */
  readonly event: string;
  /** Listeners hear of `instance.<event>.error`, too. */
  readonly tellsFailures?: true;
  /** Which of Nova's exceptions says that it failed. Default: one that names the operation. */
  readonly failure?: Failure;
  /**
   * By power state: when its compute starts again, the instance is in its last task and the guest in this power state, then
   * nothing is left to do but to record this vm_state.
   */
  readonly found?: { readonly [P in PowerState]?: VmState };
  /** Of the client. */
  readonly command: {
    readonly description: string;
    /** What the progress says is being done. */
    readonly activity: string;
  };
}

const { ACTIVE, STOPPED, PAUSED, ERROR } = VmState;
const reboot = {
  name: 'reboot',
  action: 'reboot',
  hasBody: true,
  result: ACTIVE,
  event: 'reboot',
  tellsFailures: true,
  failure: 'InstanceRebootFailure',
  found: { [PowerState.RUNNING]: ACTIVE },
  command: { description: 'Reboot servers.', activity: 'rebooting' },
} as const;
const rebootTasks = [TaskState.REBOOTING, TaskState.REBOOT_PENDING, TaskState.REBOOT_STARTED] as const;

export const powerOperations = {
  start: {
    name: 'start',
    action: 'os-start',
    allowed: { vmState: [STOPPED], taskState: [null] },
    tasks: [TaskState.POWERING_ON],
    result: ACTIVE,
    request: { method: 'startInstance', args: {} },
    event: 'power_on',
    failure: 'InstancePowerOnFailure',
    command: { description: 'Start stopped servers.', activity: 'starting' },
  },
  stop: {
    name: 'stop',
    action: 'os-stop',
    allowed: { vmState: [ACTIVE, ERROR], taskState: [null], launched: true },
    tasks: [TaskState.POWERING_OFF],
    result: STOPPED,
    request: { method: 'stopInstance', args: { clean_shutdown: true } },
    event: 'power_off',
    failure: 'InstancePowerOffFailure',
    command: { description: 'Stop running servers.', activity: 'stopping' },
  },
  reboot: {
    ...reboot,
    allowed: { vmState: [ACTIVE], taskState: [null] },
    tasks: rebootTasks,
    request: { method: 'rebootInstance', args: { block_device_info: null, reboot_type: 'SOFT' } },
  },
  hardReboot: {
    ...reboot,
    // It may follow a reboot that hangs.
    allowed: {
      vmState: [ACTIVE, STOPPED, PAUSED, ERROR],
      taskState: [null, ...rebootTasks, TaskState.REBOOTING_HARD],
    },
    tasks: [TaskState.REBOOTING_HARD, TaskState.REBOOT_PENDING_HARD, TaskState.REBOOT_STARTED_HARD],
    request: { method: 'rebootInstance', args: { block_device_info: null, reboot_type: 'HARD' } },
  },
  pause: {
    name: 'pause',
    action: 'pause',
    allowed: { vmState: [ACTIVE], taskState: [null], launched: true },
    tasks: [TaskState.PAUSING],
    result: PAUSED,
    request: { method: 'pauseInstance', args: {} },
    event: 'pause',
    // As Nova does: a guest that still runs is not paused by its compute's start.
    found: { [PowerState.RUNNING]: ACTIVE, [PowerState.PAUSED]: PAUSED },
    command: { description: 'Pause running servers.', activity: 'pausing' },
  },
  unpause: {
    name: 'unpause',
    action: 'unpause',
    allowed: { vmState: [PAUSED], taskState: [null], launched: true },
    tasks: [TaskState.UNPAUSING],
    result: ACTIVE,
    request: { method: 'unpauseInstance', args: {} },
    event: 'unpause',
    found: { [PowerState.RUNNING]: ACTIVE },
    command: { description: 'Unpause paused servers.', activity: 'unpausing' },
  },
} as const satisfies { readonly [name: string]: PowerOperation };

const attachable = { vmState: [ACTIVE, PAUSED, STOPPED], taskState: [null] } as const;

/** Every operation on instances that there is. */
export const operations = {
  build: {
    name: 'build',
    allowed: {},
    tasks: [TaskState.SCHEDULING, TaskState.NETWORKING, TaskState.SPAWNING],
    result: ACTIVE,
  },
  delete: { name: 'delete', allowed: {}, tasks: [TaskState.DELETING], result: VmState.DELETED },
  ...powerOperations,
  attachInterface: { name: 'attach_interface', allowed: attachable, tasks: [], result: null },
  detachInterface: { name: 'detach_interface', allowed: attachable, tasks: [], result: null },
  consoleOutput: { name: 'get_console_output', allowed: {}, tasks: [], result: null },
} as const satisfies { readonly [name: string]: Operation };

export type OperationName = keyof typeof operations;
export type PowerOperationName = keyof typeof powerOperations;

/** As notifications name the power operations. */
export type PowerEvent = (typeof powerOperations)[PowerOperationName]['event'];

export const powerOperationNames = Object.keys(powerOperations) as PowerOperationName[];

/** The power operation under way; undefined: none. */
export function powerOperationOf(taskState: string | null): PowerOperationName | undefined {
  return powerOperationNames.find((name) => passes(powerOperations[name], taskState));
}

/** Whether an instance in this task_state is in the operation. */
export function passes({ tasks }: Operation, taskState: string | null): boolean {
  return tasks.some((task) => task === taskState);
}
