/** What is being done to an instance (`task_state`), with Nova's values; null: nothing. */
export const TaskState = {
  SCHEDULING: 'scheduling',
  NETWORKING: 'networking',
  SPAWNING: 'spawning',
  POWERING_ON: 'powering-on',
  POWERING_OFF: 'powering-off',
  REBOOTING: 'rebooting',
  REBOOT_PENDING: 'reboot_pending',
  REBOOT_STARTED: 'reboot_started',
  REBOOTING_HARD: 'rebooting_hard',
  REBOOT_PENDING_HARD: 'reboot_pending_hard',
  REBOOT_STARTED_HARD: 'reboot_started_hard',
  DELETING: 'deleting',
} as const;

/** What a compute was asked for. */
export type PowerRequest = 'start' | 'stop' | 'reboot' | 'hard reboot';

const powerRequests: Readonly<Record<string, PowerRequest>> = {
  [TaskState.POWERING_ON]: 'start',
  [TaskState.POWERING_OFF]: 'stop',
  [TaskState.REBOOTING]: 'reboot',
  [TaskState.REBOOT_PENDING]: 'reboot',
  [TaskState.REBOOT_STARTED]: 'reboot',
  [TaskState.REBOOTING_HARD]: 'hard reboot',
  [TaskState.REBOOT_PENDING_HARD]: 'hard reboot',
  [TaskState.REBOOT_STARTED_HARD]: 'hard reboot',
};

/** The task states of a start, a stop or a reboot under way. */
export const powerTaskStates: readonly string[] = Object.keys(powerRequests);

/** The request that is under way; undefined: none. */
export function powerRequestOf(taskState: string | null): PowerRequest | undefined {
  return taskState === null ? undefined : powerRequests[taskState];
}
