import { maskValue } from '@mini-nova/masking';
import type { NotificationDriver } from '../drivers/notification-driver.ts';
import type { Logger } from '../logger.ts';
import { checkNotificationNames } from '../names.ts';
import type { NotificationPriority } from './notification.ts';
import { notificationsOf } from './notifications-of.ts';
import type { NotifierDriver, NotifierDriverFactory, SentNotification } from './notifier-driver.ts';

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
export const logDriver: NotifierDriverFactory = ({ transport }) => new LogDriver(transport.logger);

class LogDriver implements NotifierDriver {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  async notify({ message, priority }: SentNotification): Promise<void> {
    const notification = maskValue({ ...message });
    this.#logger[LEVELS[priority]]({ notification }, `Notification ${message.event_type}`);
  }
}

type Version = '1.0' | '2.0';

/** Of those that a notification may have. */
const LONGEST_PRIORITY = 'critical';

/** Sends over the transport, to `<topic>.<priority>` of each topic: version 2.0 in an envelope, 1.0 without. */
export function messagingDriver(version: Version): NotifierDriverFactory {
  return ({ transport, topics }) => {
    const notifications = notificationsOf(transport);
    for (const topic of topics) checkNotificationNames({ topic }, LONGEST_PRIORITY);
    return new MessagingDriver(notifications, topics, version);
  };
}

class MessagingDriver implements NotifierDriver {
  readonly #notifications: NotificationDriver;
  readonly #topics: readonly string[];
  readonly #version: Version;

  constructor(notifications: NotificationDriver, topics: readonly string[], version: Version) {
    this.#notifications = notifications;
    this.#topics = topics;
    this.#version = version;
  }

  async notify({ ctxt, message, priority, retry }: SentNotification): Promise<void> {
    const notification = { ctxt, message: { ...message }, priority, retry, version: this.#version };
    await allSettled(this.#topics.map((topic) => this.#notifications.notify({ ...notification, topic })));
  }
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
