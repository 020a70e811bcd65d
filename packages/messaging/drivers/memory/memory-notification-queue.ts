import { Fifo } from '../../fifo.ts';
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
