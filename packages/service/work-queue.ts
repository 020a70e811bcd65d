import { RequestRefused } from '@mini-nova/messaging';
import { type Caller, secondsLeft, throwIfGone } from './caller.ts';

export interface WorkQueueOptions {
  /** The name of what is full, in refusals: `scheduler`. */
  name: string;
  /** How many run at the same time, as a whole number; 0 or Infinity: all. A function is asked each time. Default 1. */
  width?: number | (() => number);
  /**
   * A step that has run for `after` milliseconds is assumed to wait for something else and no longer counts towards
   * `width`, unless there are `most` of these. Default: all count until they end.
   */
  slow?: { after: number; most: number };
  /**
   * How many may wait; more are refused, as are those whose callers would give up before their turn. Default: nobody is
   * refused. Those that need not wait are not refused.
   */
  limit?: () => number;
}

/** What a step reports for as long as it waits. */
export interface WhileWaiting {
  /** Seconds between two reports; 0: never. */
  every: number;
  say(): Promise<unknown>;
}

interface Waiting {
  start(): void;
  /** It waits no more. */
  leave(): void;
}

/** How much the newest step counts in the average duration. */
const NEWEST = 0.2;

/**
 * Runs steps in the order in which they came, some at the same time. No work is done for callers who have given up: a
 * step whose caller has gone does not run and leaves the queue at once. A caller that would wait in vain is refused
 * before anything is done.
 */
export class WorkQueue {
  readonly #name: string;
  readonly #width: () => number;
  readonly #limit: (() => number) | undefined;
  readonly #slow: WorkQueueOptions['slow'];
  readonly #waiting = new Set<Waiting>();
  #running = 0;
  #slowRunning = 0;
  /** The average duration of a step, in milliseconds. */
  #duration = 0;

  /** @throws RangeError for a width that is no number of steps */
  constructor({ name, width = 1, slow, limit }: WorkQueueOptions) {
    this.#name = name;
    if (typeof width === 'number') refuseUncountable(`The width of ${name}`, width);
    this.#width = typeof width === 'number' ? () => width : width;
    this.#slow = slow;
    this.#limit = limit;
  }

  /** Whether a step that comes now has to wait. */
  get isBusy(): boolean {
    return this.#running >= this.#places;
  }

  get #places(): number {
    const width = this.#width();
    return width > 0 ? width : Number.POSITIVE_INFINITY;
  }

  /**
   * Without a caller, a step is run however long it has waited.
   * @throws RequestRefused when the queue is full, or the caller would give up before its turn
   * @throws RangeError when the function of the width or the limit gives no number of steps
   * @throws the signal's reason when the caller has given up before the step began
   */
  async run<T>(step: () => Promise<T>, caller?: Caller, whileWaiting?: WhileWaiting): Promise<T> {
    throwIfGone(caller);
    refuseUncountable(`The width of ${this.#name}`, this.#width());
    if (this.isBusy || this.#waiting.size > 0) await this.#turn(caller, whileWaiting);
    else this.#running += 1;
    const leave = this.#occupy();
    const since = performance.now();
    try {
      throwIfGone(caller);
      const result = await step();
      this.#measure(performance.now() - since);
      return result;
    } finally {
      leave();
      this.#startNext();
    }
  }

  /** Returns a function that gives back the place that a step has already taken. */
  #occupy(): () => void {
    const leave = () => {
      this.#running -= 1;
    };
    if (this.#slow === undefined) return leave;
    const { after, most } = this.#slow;
    let isSlow = false;
    const timer = setInterval(() => {
      if (this.#slowRunning >= most) return;
      clearInterval(timer);
      isSlow = true;
      this.#slowRunning += 1;
      leave();
      this.#startNext();
    }, after).unref();
    return () => {
      clearInterval(timer);
      if (isSlow) this.#slowRunning -= 1;
      else leave();
    };
  }

  /** Resolves when there is room, which is then taken. */
  async #turn(
    caller: Caller | undefined,
    { every, say }: WhileWaiting = { every: 0, say: async () => {} },
  ): Promise<void> {
    this.#refuseInVain(caller);
    // A failed report is made up for by the next one.
    const timer = every > 0 ? setInterval(() => void say().catch(() => {}), every * 1000) : undefined;
    try {
      await this.#woken(caller?.signal);
    } finally {
      clearInterval(timer);
    }
  }

  #woken(signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
      };
      const waiting = { start: resolve, leave: () => signal?.removeEventListener('abort', giveUp) };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
      // It may have become wider since.
      this.#startNext();
    });
  }

  #startNext(): void {
    for (const waiting of this.#waiting) {
      if (this.isBusy) return;
      this.#waiting.delete(waiting);
      waiting.leave();
      this.#running += 1;
      waiting.start();
    }
  }

  #refuseInVain(caller: Caller | undefined): void {
    if (this.#limit === undefined) return;
    const limit = this.#limit();
    refuseUncountable(`The limit of ${this.#name}`, limit);
    if (!this.isBusy) return;
    const wait = (this.#duration * (this.#waiting.size + 1)) / this.#places / 1000;
    const left = caller === undefined ? Number.POSITIVE_INFINITY : secondsLeft(caller);
    const refuse = (held: number, retryAfter: number) =>
      new RequestRefused({ what: this.#name, limit: held, unit: 'requests', retryAfter });
    if (this.#waiting.size >= limit) throw refuse(limit, wait);
    if (wait > left) throw refuse(this.#waiting.size, wait - left);
  }

  #measure(milliseconds: number): void {
    const before = this.#duration || milliseconds;
    this.#duration = before + NEWEST * (milliseconds - before);
  }
}

function refuseUncountable(what: string, count: number): void {
  if (count === Number.POSITIVE_INFINITY || (Number.isInteger(count) && count >= 0)) return;
  throw new RangeError(`${what} must be a whole number from 0 on, but is ${count}`);
}
