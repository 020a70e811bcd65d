import type { NotifierDriverFactory, SentNotification } from '../notifier-driver.ts';

/** What notifiers with the driver `test` have sent in this process. For tests. */
export const NOTIFICATIONS: SentNotification[] = [];

/** Empties `NOTIFICATIONS`. */
export function resetNotifications(): void {
  NOTIFICATIONS.length = 0;
}

export const testDriver: NotifierDriverFactory = () => ({
  notify: async (notification) => void NOTIFICATIONS.push(notification),
});
