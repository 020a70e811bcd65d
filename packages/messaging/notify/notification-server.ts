import type { Listener } from '../drivers/driver.ts';
import type { NotificationDriver, NotificationTopic } from '../drivers/notification-driver.ts';
import { InFlight } from '../in-flight.ts';
import { Listening } from '../listening.ts';
import type { NotificationReceiver } from './notification-receiver.ts';

export interface NotificationServerOptions {
  driver: NotificationDriver;
  topics: readonly NotificationTopic[];
  receiver: NotificationReceiver;
  pool: string | undefined;
  prefetch: number | undefined;
}

/**
 * Tells endpoints of the notifications of some topics. Made by `getNotificationListener` and
 * `getBatchNotificationListener`.
 *
 * A notification is acknowledged when all endpoints have handled it: at least once, also when this process is killed.
 * Notifications are handled concurrently. `start`, `stop` and `wait` are idempotent; a stopped server can be started
 * again.
 */
export class NotificationServer {
  readonly #options: NotificationServerOptions;
  readonly #listening: Listening;
  readonly #running = new InFlight();

  constructor(options: NotificationServerOptions) {
    this.#options = options;
    this.#listening = new Listening({
      listen: (signal) => this.#listen(signal),
      onStopped: () => options.receiver.flush(),
    });
  }

  /**
   * Resolves once notifications are delivered. A start that failed can be tried again.
   * @throws MessageDeliveryFailure when the transport is closed, or its broker refuses a queue
   */
  start(): Promise<void> {
    return this.#listening.start();
  }

  /**
   * Takes no new notifications; those that came go on, and a batch that is not full is handled. Resolves once the
   * consumers are cancelled. A start that is still waiting for its broker rejects.
   */
  stop(): Promise<void> {
    return this.#listening.stop();
  }

  /** After `stop`: resolves once all notifications that came are handled, and acknowledged or requeued. */
  async wait(): Promise<void> {
    await this.#listening.stopped();
    await this.#running.idle();
  }

  /** `stop`, then `wait`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.wait();
  }

  #listen(signal: AbortSignal): Promise<Listener> {
    const { driver, topics, receiver, pool, prefetch } = this.#options;
    return driver.listen(
      topics,
      (incoming) => {
        this.#running.begin();
        void receiver.receive(incoming).finally(() => this.#running.end());
      },
      { signal, pool, prefetch },
    );
  }
}
