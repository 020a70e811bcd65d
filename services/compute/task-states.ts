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

/** The task states of a start, a stop or a reboot under way. */
export const powerTaskStates: readonly string[] = [
  TaskState.POWERING_ON,
  TaskState.POWERING_OFF,
  TaskState.REBOOTING,
  TaskState.REBOOT_PENDING,
  TaskState.REBOOT_STARTED,
  TaskState.REBOOTING_HARD,
  TaskState.REBOOT_PENDING_HARD,
  TaskState.REBOOT_STARTED_HARD,
];
