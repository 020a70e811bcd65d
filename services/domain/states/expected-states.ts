/** States one of which an instance must be in; null stands for none. What is left out may be anything. */
export interface ExpectedStates {
  readonly vmState?: readonly (string | null)[];
  readonly taskState?: readonly (string | null)[];
}

/** Which of the two is not as expected; undefined: none. */
export function unexpectedState(
  { vm_state, task_state }: { readonly vm_state: string | null; readonly task_state: string | null },
  { vmState, taskState }: ExpectedStates,
): 'vm_state' | 'task_state' | undefined {
  if (vmState && !vmState.includes(vm_state)) return 'vm_state';
  return taskState && !taskState.includes(task_state) ? 'task_state' : undefined;
}
