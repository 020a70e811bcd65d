import type { Logger } from '../../../logger.ts';

/** The queues that transports have said in their logs to leave to expire: removing them takes bounded time. */
export class ExpiringQueues {
  readonly names = new Set<string>();

  /** A logger that hands on what it is told. */
  watch(logger: Logger): Logger {
    return {
      debug: (data, message) => logger.debug(data, message),
      info: (data, message) => {
        this.note(data, message);
        logger.info(data, message);
      },
      warn: (data, message) => logger.warn(data, message),
      error: (data, message) => logger.error(data, message),
    };
  }

  /** Takes the names from what was logged, if it tells some. */
  note({ queues = [] }: { queues?: readonly string[] }, message: string): void {
    if (!message.startsWith('queues left to expire')) return;
    for (const name of queues) this.names.add(name);
  }
}
