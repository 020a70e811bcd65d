import { AsyncResource } from 'node:async_hooks';
import { Fifo } from './fifo.ts';

/** Milliseconds of work in one turn of the event loop, after which timers and sockets come first. */
const SLICE = 5;
/** The most pieces of work that are started together, as long as each ends at once; and the most after a pause. */
const MAX_LOT = 64;
const FIRST_LOT = 8;
/** The most turns in a row that may be skipped. */
const MAX_SKIPPED = 25;

/**
 * Shares the event loop's time between this process's work and everything else: work that need not wait for the
 * outside world (deliveries in memory, statements of SQLite) never gives timers and sockets their turn on its own.
 * Work that asks here goes on in the order of asking, for a slice of each turn of the loop.
 */
export class Turns {
  readonly #slice: number;
  readonly #new = new Fifo<() => void>();
  readonly #underWay = new Fifo<() => void>();
  /** Waiting work must not run in the asynchronous context of whichever request came first. */
  readonly #nobody = new AsyncResource('Turns');
  readonly #begin = (): void => this.#beginTurn();
  readonly #step = (): void => this.#runNext();
  readonly #afterItsMicrotasks = (): void => process.nextTick(this.#step);
  /** Whether the end of the present turn will be noticed. */
  #watching = false;
  /** Of the present slice, by the process's own clock. */
  #end = 0;
  /**
   * How much is started before the clock is read again: waiting for its promises costs more than a small piece of
   * work.
   */
  #lot = 1;
  #lotBegan = 0;
  #tookNew = false;
  /** Whether the work waits for the next turn. */
  #skips = false;
  /** Turns in a row. */
  #skipped = 0;

  /** @param slice in milliseconds */
  constructor(slice: number = SLICE) {
    this.#slice = slice;
  }

  /**
   * Runs `work`, which is new: after all that waits, and after what that does at once, unless it is over in no time. It
   * is called from an asynchronous context of its own, and must not throw.
   */
  start(work: () => void): void {
    this.#new.push(work);
    this.#watch();
  }

  /** Whether work may run at once: nothing waits, and the present turn is not used up. */
  get isFree(): boolean {
    return !this.#hasWaiting && !this.#isUsedUp();
  }

  /** For new work that could begin at once: undefined when it may, and otherwise what to wait for. */
  begin(): Promise<void> | undefined {
    return this.#wait(this.#new);
  }

  /** As `begin`, for work that is under way: it comes before all but every other new one. */
  pause(): Promise<void> | undefined {
    return this.#wait(this.#underWay);
  }

  /**
   * Ends this turn of the loop early: for what the system hands over one by one, each in a turn of its own, such as new
   * connections. However many come, every now and then a turn is used.
   */
  skip(): void {
    if (this.#watching && this.#skipped < MAX_SKIPPED) this.#skips = true;
  }

  #wait(queue: Fifo<() => void>): Promise<void> | undefined {
    if (!this.#isUsedUp()) return undefined;
    return new Promise((resolve) => {
      queue.push(resolve);
      this.#watch();
    });
  }

  #isUsedUp(): boolean {
    if (this.#watching) return this.#skips || performance.now() >= this.#end;
    this.#end = performance.now() + this.#slice;
    this.#watch();
    return false;
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#nobody.runInAsyncScope(setImmediate, undefined, this.#begin);
  }

  #beginTurn(): void {
    if (this.#skips && this.#hasWaiting) {
      this.#skips = false;
      this.#skipped += 1;
      setImmediate(this.#begin);
      return;
    }
    this.#skips = false;
    this.#skipped = 0;
    const now = performance.now();
    this.#end = now + this.#slice;
    this.#runLot(now);
  }

  /** Nothing is left to do at once for those that were started. */
  #runNext(): void {
    const now = performance.now();
    const took = now - this.#lotBegan;
    if (took * 4 < this.#slice) this.#lot = Math.min(this.#lot * 2, MAX_LOT);
    else if (took > this.#slice) this.#lot = 1;
    if (!this.#hasWaiting) this.#rest();
    else if (now < this.#end && !this.#skips) this.#runLot(now);
    else setImmediate(this.#begin);
  }

  #runLot(now: number): void {
    if (!this.#hasWaiting) {
      this.#rest();
      return;
    }
    this.#lotBegan = now;
    queueMicrotask(this.#afterItsMicrotasks);
    for (let left = this.#lot; left > 0; left -= 1) {
      const work = this.#takeNext();
      if (work === undefined) return;
      work();
    }
  }

  #rest(): void {
    this.#watching = false;
    this.#lot = Math.min(this.#lot, FIRST_LOT);
  }

  /** Takes from both kinds in turns, so that neither waits for ever. */
  #takeNext(): (() => void) | undefined {
    this.#tookNew = !this.#tookNew;
    return this.#tookNew
      ? (this.#new.shift() ?? this.#underWay.shift())
      : (this.#underWay.shift() ?? this.#new.shift());
  }

  get #hasWaiting(): boolean {
    return this.#new.size > 0 || this.#underWay.size > 0;
  }
}

/** There is one event loop, so one object shares it. */
export const turns = new Turns();
