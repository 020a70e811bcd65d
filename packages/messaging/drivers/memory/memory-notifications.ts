import { MessageDeliveryFailure } from '../../errors.ts';
import type { Listener } from '../driver.ts';
import type { DriverContext } from '../driver-registry.ts';
import { DEFAULT_PREFETCH } from '../notification-defaults.ts';
import type {
  IncomingNotification,
  NotificationDriver,
  NotificationListenOptions,
  NotificationTopic,
  OutgoingNotification,
} from '../notification-driver.ts';
import { MemoryNotificationBus } from './memory-notification-bus.ts';
import { MemoryNotificationListener } from './memory-notification-listener.ts';

type Context = Pick<DriverContext, 'controlExchange' | 'limits'>;

/** Notifications within one process: each goes through JSON, and waits in queues as it would on a broker. */
export class MemoryNotifications implements NotificationDriver {
  readonly #busName: string;
  readonly #context: Context;
  readonly #listeners = new Set<MemoryNotificationListener>();
  #bus: MemoryNotificationBus | undefined;
  #closed = false;

  constructor(busName: string, context: Context) {
    this.#busName = busName;
    this.#context = context;
  }

  async notify({ exchange, topic, priority, ctxt, message }: OutgoingNotification): Promise<void> {
    const text = JSON.stringify({ ctxt, message });
    this.#join().publish(exchange ?? this.#context.controlExchange, `${topic}.${priority}`, text);
  }

  async listen(
    topics: readonly NotificationTopic[],
    onNotification: (incoming: IncomingNotification) => void,
    { pool, prefetch = DEFAULT_PREFETCH }: NotificationListenOptions,
  ): Promise<Listener> {
    const bus = this.#join();
    const queues = topics.map(({ exchange = this.#context.controlExchange, topic, priority }) => {
      const key = `${topic}.${priority}`;
      return bus.bind(pool ?? key, exchange, key);
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

  #join(): MemoryNotificationBus {
    if (this.#closed) throw new MessageDeliveryFailure('The transport is closed');
    this.#bus ??= MemoryNotificationBus.join(this.#busName, this.#context.limits.queueMessages);
    return this.#bus;
  }
}
