import { Fifo } from '../../collections.ts';
import { Overloaded } from '../../errors.ts';
import { turns } from '../../turns.ts';

/** A notification in a queue, or in the hands of a consumer. */
export interface StoredNotification {
  /** Context and message as JSON text. */
  readonly text: string;
  /** It has been delivered before. */
  redelivered: boolean;
}

/** Takes notifications while it has room. */
export interface NotificationConsumer {
  readonly hasRoom: boolean;
  take(notification: StoredNotification, queue: MemoryNotificationQueue): void;
}

/** Notifications that wait, handed in turn to consumers that have room. */
export class MemoryNotificationQueue {
  readonly name: string;
  readonly #limit: number;
  readonly #waiting = new Fifo<StoredNotification>();
  readonly #consumers: NotificationConsumer[] = [];
  #turn = 0;
  #awake = false;
  readonly #step = (): void => this.#deliverNext();

  /** @param limit how many notifications may wait */
  constructor(name: string, limit: number) {
    this.name = name;
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#limit;
  }

  push(text: string): void {
    this.#waiting.push({ text, redelivered: false });
    this.wake();
  }

  /** Takes back what was delivered and not acknowledged: it is the next to be delivered. */
  giveBack(notification: StoredNotification): void {
    notification.redelivered = true;
    this.#waiting.unshift([notification]);
    this.wake();
  }

  addConsumer(consumer: NotificationConsumer): void {
    this.#consumers.push(consumer);
    this.wake();
  }

  removeConsumer(consumer: NotificationConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  /** Delivers one by one, as far apart from the sender as on a broker, and lets timers and sockets have their turn. */
  wake(): void {
    if (this.#awake || this.#consumers.length === 0 || this.#waiting.size === 0) return;
    this.#awake = true;
    turns.start(this.#step);
  }

  #deliverNext(): void {
    this.#awake = false;
    const consumer = this.#nextConsumer();
    const notification = consumer && this.#waiting.shift();
    if (notification === undefined) return;
    consumer?.take(notification, this);
    this.wake();
  }

  #nextConsumer(): NotificationConsumer | undefined {
    for (let tries = 0; tries < this.#consumers.length; tries += 1) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer?.hasRoom) return consumer;
    }
    return undefined;
  }
}

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
