/** States of which an instance must be in one; null stands for none. Without a list, any state will do. */
export interface ExpectedStates {
  readonly vmState?: readonly (string | null)[];
  readonly taskState?: readonly (string | null)[];
}

/** Which of the two states is not as expected; undefined: both are. */
export function unexpectedState(
  { vm_state, task_state }: { readonly vm_state: string | null; readonly task_state: string | null },
  { vmState, taskState }: ExpectedStates,
): 'vm_state' | 'task_state' | undefined {
  if (vmState && !vmState.includes(vm_state)) return 'vm_state';
  return taskState && !taskState.includes(task_state) ? 'task_state' : undefined;
}
