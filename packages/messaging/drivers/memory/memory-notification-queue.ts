import { Fifo } from '../../fifo.ts';

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
  #scheduled = false;

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

  /** Delivers in the next turn of the event loop: as far apart from the sender as on a broker. */
  wake(): void {
    if (this.#scheduled || this.#consumers.length === 0 || this.#waiting.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    // What consumers give back meanwhile is left for the next turn.
    for (let count = this.#waiting.size; count > 0; count -= 1) {
      const consumer = this.#nextConsumer();
      const notification = consumer && this.#waiting.shift();
      if (notification === undefined) return;
      consumer?.take(notification, this);
    }
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
