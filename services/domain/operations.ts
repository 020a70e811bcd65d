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

/** The task states that have an owner in their rows. */
type OwnedTask = {
  [T in TaskState]: (typeof taskStates)[T]['owner'] extends 'nobody' ? never : T;
}[TaskState];

/** The properties of every operation on an instance. */
export interface Operation {
  /** Its name in the message that says it is not allowed. */
  readonly name: string;
  readonly allowed: AllowedStates;
  /** The task states it passes, in this order. The first is recorded when the request is accepted. Empty: none is recorded. */
  readonly tasks: readonly OwnedTask[];
  /** The vm_state after it; null: unchanged. */
  readonly result: VmState | null;
}

type Exceptions = typeof exceptions;
/** The exceptions that are made from a reason alone. */
type Failure = {
  [E in keyof Exceptions]: Exceptions[E] extends new (data: { reason: string }) => Error ? E : never;
}[keyof Exceptions];

/** The task states whose row says `finish the power change`. */
export type PowerTask = {
  [T in TaskState]: (typeof taskStates)[T]['whenStuck'] extends 'finish the power change' ? T : never;
}[TaskState];

/**
 * A change of a guest's power (it runs, is off, is paused) that its compute makes alone. Apart from the call of the driver,
 * all that the daemons do for it follows from this row.
 */
export interface PowerOperation extends Operation {
  readonly tasks: readonly [PowerTask, ...PowerTask[]];
  readonly result: VmState;
  /** The key of the body of `POST /servers/{id}/action`; without `hasBody`, its value is null. */
  readonly action: string;
  readonly hasBody?: true;
  /** The compute's RPC method, and its arguments besides the instance. */
  readonly request: { readonly method: string; readonly args: object };
  /** In notifications: `instance.<event>.start`. */
  readonly event: string;
  /** A failure is notified as `instance.<event>.error`. */
  readonly notifiesFailures?: true;
  /** The exception of Nova's for its failure. Default: one that names the operation. */
  readonly failure?: Failure;
  /**
   * For a restart of the compute during the operation's last task state. If the guest is in one of these power states, the
   * operation is done, and the vm_state given for it is recorded.
   */
  readonly found?: { readonly [P in PowerState]?: VmState };
  /** The client's command. */
  readonly command: {
    readonly description: string;
    /** Shown as progress: "starting". */
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
  notifiesFailures: true,
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
    // A hard reboot may follow a reboot that hangs.
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
    // As in Nova, the start of the compute does not pause a guest that still runs.
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

/** All operations on instances. */
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

/** The names of the power operations in notifications. */
export type PowerEvent = (typeof powerOperations)[PowerOperationName]['event'];

export const powerOperationNames = Object.keys(powerOperations) as PowerOperationName[];

/** The power operation under way; undefined: none. */
export function powerOperationOf(taskState: string | null): PowerOperationName | undefined {
  return powerOperationNames.find((name) => passes(powerOperations[name], taskState));
}

/** Whether the operation passes through this task_state. */
export function passes({ tasks }: Operation, taskState: string | null): boolean {
  return tasks.some((task) => task === taskState);
}
