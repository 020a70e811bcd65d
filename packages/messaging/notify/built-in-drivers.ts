import { maskValue } from '@mini-nova/masking';
import type { Logger } from '../logger.ts';
import { checkNotificationNames } from '../names.ts';
import type { NotificationPriority } from './notification.ts';
import { notificationsOf } from './notifications-of.ts';
import type { NotifierDriverFactory, SentNotification } from './notifier-driver.ts';

/** Waits for all; then throws what one of them rejected with, or, of several, an AggregateError. */
export async function allSettled(promises: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises);
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (reasons.length > 1) throw new AggregateError(reasons, reasons.map(String).join('; '));
  if (reasons.length === 1) throw reasons[0];
}

/** A logger has fewer levels than there are priorities. */
const LEVELS: Record<NotificationPriority, keyof Logger> = {
  audit: 'info',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  critical: 'error',
  sample: 'debug',
};

/** Writes to the transport's logger, with secrets masked. */
export const logDriver: NotifierDriverFactory = ({ transport }) => ({
  notify: async ({ message, priority }) => {
    const notification = maskValue({ ...message });
    transport.logger[LEVELS[priority]]({ notification }, `Notification ${message.event_type}`);
  },
});

/** Of those that a notification may have. */
const LONGEST_PRIORITY = 'critical';

/** Sends over the transport, to `<topic>.<priority>` of each topic: version 2.0 in an envelope, 1.0 without. */
export function messagingDriver(version: '1.0' | '2.0'): NotifierDriverFactory {
  return ({ transport, topics }) => {
    const notifications = notificationsOf(transport);
    for (const topic of topics) checkNotificationNames(undefined, topic, LONGEST_PRIORITY);
    return {
      notify: async ({ ctxt, message, priority, retry }) => {
        const notification = { ctxt, message: { ...message }, priority, retry, version };
        await allSettled(topics.map((topic) => notifications.notify({ ...notification, topic })));
      },
    };
  };
}

/** Sends nothing: how an operator turns notifications off. */
export const noopDriver: NotifierDriverFactory = () => ({ notify: async () => {} });

/** What notifiers with the driver `test` have sent in this process. For tests. */
export const NOTIFICATIONS: SentNotification[] = [];

/** Empties `NOTIFICATIONS`. */
export function resetNotifications(): void {
  NOTIFICATIONS.length = 0;
}

export const testDriver: NotifierDriverFactory = () => ({
  notify: async (notification) => void NOTIFICATIONS.push(notification),
});
