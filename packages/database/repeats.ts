import { setTimeout as sleep } from 'node:timers/promises';
import { Countdown } from './countdown.ts';
import { explained } from './drivers/outages.ts';
import { DatabaseRefused, DatabaseUnavailable } from './errors.ts';
import type { Logger } from './logger.ts';
import { patienceLeft } from './patience.ts';

export interface RepeatOptions {
  /** How often something is retried; -1: for ever. Default 8. */
  maxRetries?: number;
  /** Seconds before the second retry: the first comes at once, since most connections that break can be replaced. Default 0.5. */
  interval?: number;
  /** Whether the wait doubles for each further retry. Default true. */
  increaseInterval?: boolean;
  /** The longest wait, in seconds. Default 2. */
  maxInterval?: number;
}

/** Milliseconds for which a further outage is not logged. */
const QUIET = 30_000;

/** Milliseconds without any answer that count as an outage. */
const OUTAGE = 5000;

/** Milliseconds: the first retry waits for a random part of these. */
const FIRST_PAUSE = 50;

/** By performance.now(). */
export interface Outage {
  /** The last answer before it. */
  since: number;
  /** The first after it, or now. */
  until: number;
}

/** Repeats, for a while, what failed because the database is away. Logs once when that begins and once when it ends. */
export class Repeats {
  readonly #options: Required<RepeatOptions>;
  readonly #logger: Logger;
  #awaySince: number | undefined;
  /** By performance.now(): when the first request since an answer failed. */
  #silentSince: number | undefined;
  #answeredAt = performance.now();
  #lastOutage: Outage | undefined;
  /**
   * By performance.now(): when it was last logged as away; some requests may go on failing while others are answered.
   */
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(options: RepeatOptions, logger: Logger) {
    const { maxRetries = 8, interval = 0.5, increaseInterval = true, maxInterval = 2 } = options;
    this.#options = { maxRetries, interval, increaseInterval, maxInterval };
    this.#logger = logger;
  }

  /** The last noticed outage of some seconds; it may still last. */
  get lastOutage(): Outage | undefined {
    const now = performance.now();
    if (this.#silentSince === undefined || now - this.#silentSince < OUTAGE) return this.#lastOutage;
    return { since: this.#answeredAt, until: now };
  }

  /**
   * `mayRepeat` says whether to repeat a request whose outcome is unknown.
   *
   * @throws DatabaseUnavailable when the database was away for too long; any other error of `attempt` at once
   */
  async run<T>(
    attempt: () => Promise<T>,
    mayRepeat: (error: DatabaseUnavailable) => boolean = isUndone,
  ): Promise<T> {
    const limit = new Countdown(this.#longest);
    try {
      return await this.#run(attempt, mayRepeat, limit);
    } finally {
      limit.stop();
    }
  }

  async #run<T>(
    attempt: () => Promise<T>,
    mayRepeat: (error: DatabaseUnavailable) => boolean,
    limit: Countdown,
  ): Promise<T> {
    for (let retry = 1; ; retry += 1) {
      try {
        const result = await attempt();
        this.#noteAnswer();
        return result;
      } catch (thrown) {
        const error = explained(thrown);
        if (!(error instanceof DatabaseUnavailable)) throw error;
        this.#noteFailure(error);
        const pause = this.#pauseBefore(retry);
        const isOver = retry > this.#retries || limit.isOver;
        const isLasting = error instanceof DatabaseRefused || !mayRepeat(error);
        if (isLasting || isOver || pause > patienceLeft()) throw error;
        await sleep(pause);
      }
    }
  }

  get #retries(): number {
    const { maxRetries } = this.#options;
    return maxRetries < 0 ? Number.POSITIVE_INFINITY : maxRetries;
  }

  /** Milliseconds: the sum of all pauses. An attempt that takes long itself leaves fewer for others. */
  get #longest(): number {
    let sum = FIRST_PAUSE;
    if (this.#retries === Number.POSITIVE_INFINITY) return this.#retries;
    for (let retry = 2; retry <= this.#retries; retry += 1) sum += this.#pauseBefore(retry);
    return sum;
  }

  /** Milliseconds. */
  #pauseBefore(retry: number): number {
    if (retry === 1) return Math.random() * FIRST_PAUSE;
    const { interval, increaseInterval, maxInterval } = this.#options;
    const seconds = increaseInterval ? Math.min(interval * 2 ** (retry - 2), maxInterval) : interval;
    return seconds * 1000;
  }

  #noteFailure(error: DatabaseUnavailable): void {
    const now = performance.now();
    this.#silentSince ??= now;
    if (this.#awaySince !== undefined || now - this.#saidAt < QUIET) return;
    this.#awaySince = now;
    this.#saidAt = now;
    this.#logger.warn({ reason: error.reason }, 'The database is away');
  }

  #noteAnswer(): void {
    this.#lastOutage = this.lastOutage;
    this.#silentSince = undefined;
    this.#answeredAt = performance.now();
    if (this.#awaySince === undefined) return;
    const seconds = Math.round(performance.now() - this.#awaySince) / 1000;
    this.#awaySince = undefined;
    this.#logger.info({ seconds }, 'The database is back');
  }
}

function isUndone({ outcome }: DatabaseUnavailable): boolean {
  return outcome === 'undone';
}
