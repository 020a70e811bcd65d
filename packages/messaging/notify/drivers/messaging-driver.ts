import type { NotificationDriver } from '../../drivers/notification-driver.ts';
import { DriverLoadFailure } from '../../errors.ts';
import { checkNotificationNames } from '../../names.ts';
import { allSettled } from '../all-settled.ts';
import type { NotifierDriver, NotifierDriverFactory, SentNotification } from '../notifier-driver.ts';

type Version = '1.0' | '2.0';

/** Of those that a notification may have. */
const LONGEST_PRIORITY = 'critical';

/** Sends over the transport, to `<topic>.<priority>` of each topic: version 2.0 in an envelope, 1.0 without. */
export function messagingDriver(version: Version): NotifierDriverFactory {
  return ({ transport, topics }) => {
    const { notifications } = transport.driver;
    if (notifications === undefined) {
      throw new DriverLoadFailure('messaging', 'the transport carries no notifications');
    }
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
