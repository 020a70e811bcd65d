import { isTaskState, type TaskStateRow, taskStates } from './task-state.ts';
import { type ServerStatus, VmState, vmStates } from './vm-state.ts';

export function serverStatus(vmState: string | null, taskState: string | null): ServerStatus {
  if (!isVmState(vmState)) return 'UNKNOWN';
  return statusOfTask(vmState, taskState) ?? vmStates[vmState].status;
}

/** A vm_state, with any task state or one of these. */
export interface States {
  vmState: string;
  taskStates?: readonly string[];
}

/**
 * The states of servers with one of these statuses. As in Nova, a status that is the default of its vm_state stands for that
 * vm_state with any task state. Empty: no server can have such a status.
 */
export function statesOfStatus(wanted: readonly string[]): States[] {
  const names = new Set(wanted.map((status) => status.toUpperCase()));
  return Object.values(VmState).flatMap((vmState) => {
    if (names.has(vmStates[vmState].status)) return [{ vmState }];
    const tasks = Object.keys(taskStates).filter((task) => names.has(statusOfTask(vmState, task) ?? ''));
    return tasks.length > 0 ? [{ vmState, taskStates: tasks }] : [];
  });
}

function statusOfTask(vmState: VmState, taskState: string | null): ServerStatus | undefined {
  if (!isTaskState(taskState)) return undefined;
  const { status }: TaskStateRow = taskStates[taskState];
  return status?.[vmState];
}

function isVmState(text: string | null): text is VmState {
  return text !== null && Object.hasOwn(vmStates, text);
}
