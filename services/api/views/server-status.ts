import { TaskState } from '../../compute/task-states.ts';
import { VmState } from '../../compute/vm-states.ts';

/** What users see as `status`, from vm_state and task_state. */
export type ServerStatus =
  | 'ACTIVE'
  | 'BUILD'
  | 'REBOOT'
  | 'HARD_REBOOT'
  | 'SHUTOFF'
  | 'ERROR'
  | 'DELETED'
  | 'UNKNOWN';

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

/**
 * The states to look for when a list is filtered by status. As in Nova, a status that is the default of its vm_state
 * is matched by vm_state alone, whatever task runs. Undefined: no server can have such a status.
 */
export function statesOfStatus(
  wanted: readonly string[],
): { vmStates: string[]; taskStates?: string[] } | undefined {
  const names = new Set(wanted.map((status) => status.toUpperCase()));
  const vmStates = new Set<string>();
  const taskStates = new Set<string>();
  let anyTask = false;
  for (const [vmState, { default: status, tasks = {} }] of Object.entries(statuses)) {
    if (names.has(status)) {
      vmStates.add(vmState);
      anyTask = true;
    }
    for (const [taskState, taskStatus] of Object.entries(tasks)) {
      if (!names.has(taskStatus)) continue;
      vmStates.add(vmState);
      taskStates.add(taskState);
    }
  }
  if (vmStates.size === 0) return undefined;
  return anyTask ? { vmStates: [...vmStates] } : { vmStates: [...vmStates], taskStates: [...taskStates] };
}
