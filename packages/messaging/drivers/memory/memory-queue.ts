import type { PendingCall } from './pending-call.ts';

/** A message on its way. */
export interface Delivery {
  /** The request as JSON text. */
  readonly text: string;
  /** Who waits for the reply; undefined for a cast. */
  readonly call: PendingCall | undefined;
}

export type Consumer = (delivery: Delivery) => void;

/** Messages for one routing key, handed to its consumers in turn. Without consumers it keeps what it can. */
export class MemoryQueue {
  #waiting: Delivery[] = [];
  readonly #consumers: Consumer[] = [];
  #turn = 0;
  readonly #limit: number;

  /** @param limit how many messages wait while there is no consumer */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get idle(): boolean {
    return this.#consumers.length === 0 && this.#waiting.length === 0;
  }

  /** False when the queue has no consumer and is full. */
  push(delivery: Delivery): boolean {
    if (this.#consumers.length === 0 && this.#waiting.length >= this.#limit) {
      // Calls that have timed out need no place.
      this.#waiting = this.#waiting.filter(({ call }) => !call?.settled);
      if (this.#waiting.length >= this.#limit) return false;
    }
    this.#waiting.push(delivery);
    return true;
  }

  addConsumer(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  removeConsumer(consumer: Consumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  /** Hands over what waits now; what consumers push meanwhile is left for the next time. */
  deliver(): void {
    if (this.#consumers.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    for (const [index, delivery] of batch.entries()) {
      const consumer = this.#nextConsumer();
      if (consumer === undefined) {
        this.#waiting = [...batch.slice(index), ...this.#waiting];
        return;
      }
      if (!delivery.call?.settled) consumer(delivery);
    }
  }

  #nextConsumer(): Consumer | undefined {
    this.#turn = (this.#turn + 1) % Math.max(this.#consumers.length, 1);
    return this.#consumers[this.#turn];
  }
}
