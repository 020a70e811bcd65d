import { Overloaded } from '../../errors.ts';
import { MemoryNotificationQueue } from './memory-notification-queue.ts';

const buses = new Map<string, MemoryNotificationBus>();

/** The queues of notifications of one bus, and what is bound to them. */
export class MemoryNotificationBus {
  readonly #name: string;
  readonly #limit: number;
  #members = 0;
  readonly #queues = new Map<string, MemoryNotificationQueue>();
  /** By exchange and routing key. */
  readonly #bindings = new Map<string, Set<MemoryNotificationQueue>>();

  private constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  /**
   * The bus of a name, made when first joined. Each join needs a `leave`.
   * @param limit how many notifications may wait in one queue; the bus's first member says so
   */
  static join(name: string, limit: number): MemoryNotificationBus {
    const bus = buses.get(name) ?? new MemoryNotificationBus(name, limit);
    buses.set(name, bus);
    bus.#members += 1;
    return bus;
  }

  /** With its last member the bus goes, and with it all that waits in its queues. */
  leave(): void {
    this.#members -= 1;
    if (this.#members === 0) buses.delete(this.#name);
  }

  /**
   * To the queue of the key's own name, whether somebody consumes it or not, and to all others bound to the key.
   * @throws Overloaded when one of them is full
   */
  publish(exchange: string, key: string, text: string): void {
    this.bind(key, exchange, key);
    const queues = this.#bound(exchange, key);
    for (const { isFull, name } of queues) {
      if (isFull) throw new Overloaded({ what: `queue ${name}`, limit: this.#limit, unit: 'messages' });
    }
    for (const queue of queues) queue.push(text);
  }

  /** The queue of a name, bound to the key. */
  bind(queueName: string, exchange: string, key: string): MemoryNotificationQueue {
    const queue = this.#queues.get(queueName) ?? new MemoryNotificationQueue(queueName, this.#limit);
    this.#queues.set(queueName, queue);
    this.#bound(exchange, key).add(queue);
    return queue;
  }

  #bound(exchange: string, key: string): Set<MemoryNotificationQueue> {
    const binding = `${exchange}/${key}`;
    const queues = this.#bindings.get(binding) ?? new Set();
    this.#bindings.set(binding, queues);
    return queues;
  }
}
