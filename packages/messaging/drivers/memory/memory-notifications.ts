import { MessageDeliveryFailure } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { DriverContext, Listener } from '../driver.ts';
import {
  DEFAULT_PREFETCH,
  HeldNotification,
  type IncomingNotification,
  type NotificationDriver,
  type NotificationListenOptions,
  type NotificationTopic,
  type OutgoingNotification,
} from '../notification-driver.ts';
import { MemoryBus, type NotificationQueue, type StoredNotification } from './memory-bus.ts';
import { MemoryDriver } from './memory-driver.ts';
import type { Consumer } from './memory-queue.ts';

export interface MemoryNotificationListenerOptions {
  queues: readonly NotificationQueue[];
  /** How many notifications may be held; 0: no limit. */
  prefetch: number;
  onNotification(incoming: IncomingNotification): void;
  /** Nothing is held any more. */
  onReleased(): void;
}

/** Consumes queues of a bus. */
export class MemoryNotificationListener implements Listener, Consumer<StoredNotification> {
  readonly #options: MemoryNotificationListenerOptions;
  readonly #held = new Set<HeldNotification>();
  #stopped = false;

  constructor(options: MemoryNotificationListenerOptions) {
    this.#options = options;
    for (const queue of options.queues) {
      queue.addConsumer(this);
      queue.wake();
    }
  }

  hasRoom(): boolean {
    const { prefetch } = this.#options;
    return prefetch === 0 || this.#held.size < prefetch;
  }

  take(notification: StoredNotification, queue: NotificationQueue): void {
    // A copy, as on a wire.
    const content = JSON.parse(notification.text) as { ctxt: JsonObject; message: JsonObject };
    const incoming: HeldNotification = new HeldNotification(content, {
      redelivered: () => notification.redelivered,
      end: (handled) => {
        if (!handled) {
          notification.redelivered = true;
          // The next to be delivered.
          queue.putBack([notification]);
          queue.wake();
        }
        this.#release(incoming);
      },
    });
    this.#held.add(incoming);
    this.#options.onNotification(incoming);
  }

  /** What is held can still be acknowledged. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const queue of this.#options.queues) queue.removeConsumer(this);
    for (const incoming of [...this.#held]) incoming.hurry();
    if (this.#held.size === 0) this.#options.onReleased();
  }

  /** As a lost connection does: what is held goes back to its queue. */
  close(): void {
    void this.stop();
    for (const incoming of [...this.#held]) incoming.abandon();
  }

  #release(incoming: HeldNotification): void {
    this.#held.delete(incoming);
    if (!this.#stopped) for (const queue of this.#options.queues) queue.wake();
    else if (this.#held.size === 0) this.#options.onReleased();
  }
}

type Context = Pick<DriverContext, 'controlExchange' | 'limits'>;

/** Notifications within one process: each goes through JSON, and waits in queues as it would on a broker. */
export class MemoryNotifications implements NotificationDriver {
  readonly #busName: string;
  readonly #context: Context;
  readonly #listeners = new Set<MemoryNotificationListener>();
  #bus: MemoryBus | undefined;
  #closed = false;

  constructor(busName: string, context: Context) {
    this.#busName = busName;
    this.#context = context;
  }

  async notify({ exchange, topic, priority, ctxt, message }: OutgoingNotification): Promise<void> {
    const text = JSON.stringify({ ctxt, message });
    const { controlExchange, limits } = this.#context;
    const key = `${topic}.${priority}`;
    this.#join().notifications.publish(exchange ?? controlExchange, key, text, limits.queueMessages);
  }

  async listen(
    topics: readonly NotificationTopic[],
    onNotification: (incoming: IncomingNotification) => void,
    { pool, prefetch = DEFAULT_PREFETCH }: NotificationListenOptions,
  ): Promise<Listener> {
    const bus = this.#join();
    const queues = topics.map(({ exchange = this.#context.controlExchange, topic, priority }) => {
      const key = `${topic}.${priority}`;
      return bus.notifications.bind(pool ?? key, exchange, key);
    });
    const listener: MemoryNotificationListener = new MemoryNotificationListener({
      queues: [...new Set(queues)],
      prefetch,
      onNotification,
      onReleased: () => this.#listeners.delete(listener),
    });
    this.#listeners.add(listener);
    return listener;
  }

  /** What is held goes back to its queues. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const listener of [...this.#listeners]) listener.close();
    this.#bus?.leave();
    this.#bus = undefined;
  }

  #join(): MemoryBus {
    if (this.#closed) throw new MessageDeliveryFailure('The transport is closed');
    this.#bus ??= MemoryBus.join(this.#busName);
    return this.#bus;
  }
}

MemoryDriver.newNotifications = (busName, context) => new MemoryNotifications(busName, context);
