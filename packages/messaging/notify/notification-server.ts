import type { Listener } from '../drivers/driver.ts';
import type { NotificationDriver, NotificationTopic } from '../drivers/notification-driver.ts';
import { InFlight } from '../in-flight.ts';
import type { NotificationReceiver } from './notification-receiver.ts';

export interface NotificationServerOptions {
  driver: NotificationDriver;
  topics: readonly NotificationTopic[];
  receiver: NotificationReceiver;
  pool: string | undefined;
  prefetch: number | undefined;
}

/** One `start`, until its `stop`. */
interface Listening {
  listener: Promise<Listener>;
  /** Gives up a start that still waits for the broker. */
  starting: AbortController;
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
  #listening: Listening | undefined;
  #stopping: Promise<void> = Promise.resolve();
  readonly #running = new InFlight();

  constructor(options: NotificationServerOptions) {
    this.#options = options;
  }

  /**
   * Resolves once notifications are delivered. A start that failed can be tried again.
   * @throws MessageDeliveryFailure when the transport is closed, or its broker refuses a queue
   */
  async start(): Promise<void> {
    if (this.#listening === undefined) {
      const starting = new AbortController();
      const listening = { listener: this.#listen(starting.signal), starting };
      this.#listening = listening;
      listening.listener.catch(() => {
        if (this.#listening === listening) this.#listening = undefined;
      });
    }
    await this.#listening.listener;
  }

  /**
   * Takes no new notifications; those that came go on, and a batch that is not full is handled. Resolves once the
   * consumers are cancelled. A start that is still waiting for its broker rejects.
   */
  async stop(): Promise<void> {
    const listening = this.#listening;
    if (listening !== undefined) {
      this.#listening = undefined;
      this.#stopping = this.#stopListening(listening);
    }
    await this.#stopping;
  }

  /** After `stop`: resolves once all notifications that came are handled, and acknowledged or requeued. */
  async wait(): Promise<void> {
    await this.#stoppedOrFailed();
    await this.#running.idle();
  }

  /** What went wrong when it stopped, `stop` has told. */
  async #stoppedOrFailed(): Promise<void> {
    await this.#stopping.catch(() => {});
  }

  async #listen(signal: AbortSignal): Promise<Listener> {
    await this.#stoppedOrFailed();
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

  /** A listener that never came to be needs no stopping; `start` has told why. */
  async #stopListening({ listener, starting }: Listening): Promise<void> {
    starting.abort();
    const listening = await listener.catch(() => undefined);
    try {
      await listening?.stop();
    } finally {
      this.#options.receiver.flush();
    }
  }
}
