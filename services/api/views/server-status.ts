import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { ServerStatus } from '../documents/server.ts';

interface StatusOfState {
  /** The status when no task below runs. */
  default: ServerStatus;
  tasks?: Record<string, ServerStatus>;
}

/** Nova's table, for the states there are. */
const statuses: Record<string, StatusOfState> = {
  [VmState.ACTIVE]: {
    default: 'ACTIVE',
    tasks: {
      [TaskState.REBOOTING]: 'REBOOT',
      [TaskState.REBOOT_PENDING]: 'REBOOT',
      [TaskState.REBOOT_STARTED]: 'REBOOT',
      [TaskState.REBOOTING_HARD]: 'HARD_REBOOT',
      [TaskState.REBOOT_PENDING_HARD]: 'HARD_REBOOT',
      [TaskState.REBOOT_STARTED_HARD]: 'HARD_REBOOT',
    },
  },
  [VmState.BUILDING]: { default: 'BUILD' },
  [VmState.STOPPED]: { default: 'SHUTOFF' },
  [VmState.ERROR]: { default: 'ERROR' },
  [VmState.DELETED]: { default: 'DELETED' },
};

export function serverStatus(vmState: string | null, taskState: string | null): ServerStatus {
  const { default: status, tasks = {} } = statuses[vmState ?? ''] ?? { default: 'UNKNOWN' };
  return tasks[taskState ?? ''] ?? status;
}

/** A vm_state, with any task or one of these. */
export interface States {
  vmState: string;
  taskStates?: readonly string[];
}

/**
 * The states of servers with one of these statuses. As in Nova, a status that is the default of its vm_state stands for
 * that vm_state, whatever task runs. None: no server can have such a status.
 */
export function statesOfStatus(wanted: readonly string[]): States[] {
  const names = new Set(wanted.map((status) => status.toUpperCase()));
  return Object.entries(statuses).flatMap(([vmState, { default: status, tasks = {} }]) => {
    if (names.has(status)) return [{ vmState }];
    const taskStates = Object.keys(tasks).filter((task) => names.has(tasks[task] ?? ''));
    return taskStates.length > 0 ? [{ vmState, taskStates }] : [];
  });
}
