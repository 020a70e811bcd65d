import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  /** Seconds: the first wait is at most this. */
  interval: number;
  /** Seconds by which each further wait may be longer. */
  step: number;
  /** Seconds that no wait exceeds. */
  max: number;
}

/**
 * Waits that grow linearly, each drawn evenly from zero to its limit ("full jitter"), so that the clients of a
 * broker that comes back do not all arrive at once.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #attempts = 0;

  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** The next wait in milliseconds. */
  next(): number {
    const { interval, step, max } = this.#options;
    const limit = Math.min(max, interval + step * this.#attempts);
    this.#attempts += 1;
    return Math.round(this.#random() * limit * 1000);
  }

  /** A wait in milliseconds as the first is, and without making the next longer. */
  first(): number {
    return Math.round(this.#random() * this.#options.interval * 1000);
  }

  /** To be called when things work again. */
  reset(): void {
    this.#attempts = 0;
  }
}

/** Resolves after so many milliseconds, or when the signal fires. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
