import { Fifo, turns } from '@mini-nova/event-loop';
import type { PendingCall } from './pending-call.ts';

/** A message on its way. */
export interface Delivery {
  /** The request as JSON text. */
  readonly text: string;
  /** Who waits for the reply; undefined for a cast. */
  readonly call: PendingCall | undefined;
  /** By performance.now(). */
  readonly sentAt: number;
  /** 1, or more when it has failed before. */
  readonly attempt: number;
}

/** What waits in a queue. */
interface Queued {
  /** As JSON. */
  readonly text: string;
  readonly call?: PendingCall | undefined;
}

/** Who takes a queue's messages. */
export interface Consumer<T extends Queued> {
  /** Whether it has room for a message of so many bytes. It wakes its queues when it has room again. */
  hasRoom(bytes: number): boolean;
  take(message: T, queue: MemoryQueue<T>): void;
}

/** Messages for one routing key, handed to its consumers in turn. What they have no room for waits. */
export class MemoryQueue<T extends Queued = Delivery> {
  readonly name: string;
  /** Whether a server has ever consumed it; before that, it only holds casts that wait for one. */
  declared = false;
  readonly #waiting = new Fifo<T>();
  readonly #consumers: Consumer<T>[] = [];
  #turn = 0;
  #awake = false;
  readonly #step = (): void => this.#deliverNext();

  constructor(name: string) {
    this.name = name;
  }

  get hasConsumers(): boolean {
    return this.#consumers.length > 0;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether so many messages wait, and nobody has room for another. */
  isFull(limit: number): boolean {
    if (this.#waiting.size < limit || this.#consumers.some((consumer) => consumer.hasRoom(0))) return false;
    // Calls that have ended need no place.
    this.#waiting.filter(({ call }) => !call?.settled);
    return this.#waiting.size >= limit;
  }

  push(delivery: T): void {
    this.#waiting.push(delivery);
  }

  /** Puts back what was taken and not finished, before what waits. */
  putBack(deliveries: readonly T[]): void {
    this.#waiting.unshift(deliveries);
  }

  addConsumer(consumer: Consumer<T>): void {
    this.declared = true;
    this.#consumers.push(consumer);
  }

  removeConsumer(consumer: Consumer<T>): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  /**
   * Hands over waiting messages, as far as there is room, one by one, each when no immediate work is left for those
   * before it: as decoupled from the sender as with a broker, and without keeping timers and sockets from their turn.
   */
  wake(): void {
    if (this.#awake || this.#waiting.size === 0) return;
    this.#awake = true;
    turns.start(this.#step);
  }

  /** Hands over all that waits at once, as far as there is room. */
  deliver(): void {
    while (this.#deliverFirst());
  }

  #deliverNext(): void {
    this.#awake = false;
    if (this.#deliverFirst()) this.wake();
  }

  /** False when nothing waits or nobody has room. */
  #deliverFirst(): boolean {
    let next = this.#waiting.first;
    while (next?.call?.cancelled) {
      this.#waiting.shift();
      next = this.#waiting.first;
    }
    const consumer = next && this.#nextConsumer(next.text.length);
    if (next === undefined || consumer === undefined) return false;
    this.#waiting.shift();
    consumer.take(next, this);
    return true;
  }

  #nextConsumer(bytes: number): Consumer<T> | undefined {
    for (let tries = this.#consumers.length; tries > 0; tries -= 1) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer?.hasRoom(bytes)) return consumer;
    }
    return undefined;
  }
}
