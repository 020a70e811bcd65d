import { within } from '../../../within.ts';
import { uniqueId } from '../wire/unique-id.ts';
import type { ReplyWaiter } from './reply-waiter.ts';

/** How long (ms) they are given before others may be asked; answers that come later still count. */
const PROMPT = 1_000;

/**
 * The question to all servers of a queue which calls of this caller they have. Each shows what it has by signs of life,
 * and then answers. When all have answered, a call that has shown no sign of life is nowhere.
 */
export class RollCall {
  readonly id = uniqueId();
  readonly queue: string;
  /** The calls in question. */
  readonly waiters: readonly ReplyWaiter[];
  readonly #askedAt = performance.now();
  readonly #consumers: number;
  readonly #servers = new Set<string>();
  #complete: () => void = () => {};

  constructor(queue: string, consumers: number, waiters: readonly ReplyWaiter[]) {
    this.queue = queue;
    this.#consumers = consumers;
    this.waiters = waiters;
  }

  /** How many servers have answered. */
  get answers(): number {
    return this.#servers.size;
  }

  get isComplete(): boolean {
    return this.answers >= this.#consumers;
  }

  /** The calls of which nothing was heard since it was asked. */
  get missing(): ReplyWaiter[] {
    return this.waiters.filter((waiter) => waiter.isSilentSince(this.#askedAt));
  }

  /** By the queue that is its alone. */
  answer(server: string): void {
    this.#servers.add(server);
    if (this.isComplete) this.#complete();
  }

  /** Resolves when all have answered, or a while after it was asked. */
  async over(): Promise<void> {
    const left = this.#askedAt + PROMPT - performance.now();
    if (this.isComplete || left <= 0) return;
    const complete = new Promise<void>((resolve) => {
      this.#complete = resolve;
    });
    await within(left, complete);
  }
}
