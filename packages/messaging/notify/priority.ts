/** In lower case: the names of a notifier's and an endpoint's methods, and the ends of routing keys. */
export const PRIORITIES = ['audit', 'debug', 'info', 'warn', 'error', 'critical', 'sample'] as const;

/** How urgent a notification is. `sample` is for small, frequent ones: "CPU 70 %". */
export type NotificationPriority = (typeof PRIORITIES)[number];

export function isPriority(text: string): text is NotificationPriority {
  return (PRIORITIES as readonly string[]).includes(text);
}
