/** What a step says of itself for as long as it waits. */
export interface WhileWaiting {
  /** Seconds between two times; 0: never. */
  every: number;
  say(): Promise<unknown>;
}

/** Runs a few steps at once, and the others in the order in which they were asked for. */
export class ConcurrencyLimit {
  readonly #limit: () => number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit asked each time; 0: none */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  async run<T>(step: () => Promise<T>, whileWaiting?: WhileWaiting): Promise<T> {
    if (this.#isFull || this.#waiting.length > 0) await this.#wait(whileWaiting);
    else this.#running += 1;
    try {
      return await step();
    } finally {
      this.#running -= 1;
      this.#startWaiting();
    }
  }

  get #isFull(): boolean {
    const limit = this.#limit();
    return limit > 0 && this.#running >= limit;
  }

  /** Whoever is woken has its place. */
  async #wait({ every, say }: WhileWaiting = { every: 0, say: async () => {} }): Promise<void> {
    // What could not be said is said the next time.
    const timer = every > 0 ? setInterval(() => void say().catch(() => {}), every * 1000) : undefined;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearInterval(timer);
  }

  #startWaiting(): void {
    while (!this.#isFull) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      next();
    }
  }
}
