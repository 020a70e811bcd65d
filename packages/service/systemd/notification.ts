import { execFile } from 'node:child_process';
import type { Logger } from '@mini-nova/messaging';

/** `READY`, `STATUS`: what sd_notify(3) knows. */
export type Notification = Readonly<Record<string, string | number>>;

const PROGRAM = 'systemd-notify';

/** Milliseconds for one notification; systemd takes one in less than one. */
const PATIENCE = 5_000;

/**
 * Notifies a service manager through systemd's own program, as Node.js has no Unix datagram sockets: one notification
 * after another, in order. A failure is logged once until a notification succeeds.
 */
export class Notifications {
  readonly #socket: string;
  readonly #logger: Logger;
  #last: Promise<void> = Promise.resolve();
  #failing = false;

  /** `socket`: as in NOTIFY_SOCKET, a path or `@` and an abstract name. */
  constructor(socket: string, logger: Logger) {
    this.#socket = socket;
    this.#logger = logger;
  }

  /** Resolves when it is sent, or has failed; never rejects. */
  send(notification: Notification): Promise<void> {
    this.#last = this.#last.then(() => this.#send(notification));
    return this.#last;
  }

  #send(notification: Notification): Promise<void> {
    const assignments = Object.entries(notification).map(([name, value]) => `${name}=${value}`);
    const env = { ...process.env, NOTIFY_SOCKET: this.#socket };
    return new Promise((resolve) => {
      execFile(PROGRAM, assignments, { env, timeout: PATIENCE }, (error) => {
        if (error && !this.#failing) this.#complain(error, notification);
        this.#failing = error !== null;
        resolve();
      });
    });
  }

  #complain(error: Error, notification: Notification): void {
    const reason =
      'code' in error && error.code === 'ENOENT' ? `${PROGRAM} is missing` : error.message.trim();
    this.#logger.error({ socket: this.#socket, notification, reason }, 'The service manager cannot be told');
  }
}
