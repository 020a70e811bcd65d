import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds that one timer measures. */
const SLICE = 250;

/**
 * A time limit that counts only the time in which this process ran: a process that was stopped, or got no processor,
 * has not waited. It is not over before all pending input has been read.
 */
export class Countdown {
  readonly #onOver: () => void;
  #left: number;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** Infinity: it is never over. */
  constructor(milliseconds: number, onOver: () => void = () => {}) {
    this.#left = milliseconds;
    this.#onOver = onOver;
    this.#wait();
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Idempotent. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#left === Number.POSITIVE_INFINITY) return;
    const slice = Math.max(0, Math.min(this.#left, SLICE));
    this.#timer = setTimeout(() => void this.#count(slice), slice);
  }

  async #count(slice: number): Promise<void> {
    if (this.#left <= slice) {
      // Timers run before pending input of sockets is read.
      await turn();
      await turn();
    }
    if (this.#isStopped) return;
    this.#left -= slice;
    if (this.#left > 0) this.#wait();
    else this.#onOver();
  }
}
