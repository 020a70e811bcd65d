import { maskValue } from '@mini-nova/masking';
import type { Logger } from '../../logger.ts';
import type { NotifierDriver, NotifierDriverFactory, SentNotification } from '../notifier-driver.ts';
import type { NotificationPriority } from '../priority.ts';

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
