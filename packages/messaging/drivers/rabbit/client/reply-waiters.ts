import type { MessagingError } from '../../../errors.ts';
import type { WireReply } from '../wire/wire-message.ts';
import { ReplyWaiter, type WaiterOptions } from './reply-waiter.ts';

/** Timers of Node.js hold 31 bits. */
const TIMER_MAX = 0x7fff_ffff;
/** Minimum time (ms) between two checks of all calls, when many end one after another. */
const SWEEP_PAUSE = 10;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The calls under way, by message id.
 *
 * One timer serves them all. It is set to the earliest deadline and left alone when the call that set it ends: most
 * calls end long before their deadlines and so cost nothing here.
 */
export class ReplyWaiters {
  readonly #waiters = new Map<string, ReplyWaiter>();
  readonly #onDoubt: (waiters: ReplyWaiter[]) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #wakeAt = NEVER;

  /** @param onDoubt called with calls whose servers have been silent for too long */
  constructor(onDoubt: (waiters: ReplyWaiter[]) => void) {
    this.#onDoubt = onDoubt;
  }

  get size(): number {
    return this.#waiters.size;
  }

  add(options: WaiterOptions): ReplyWaiter {
    const waiter = new ReplyWaiter(options, performance.now(), this);
    this.#waiters.set(waiter.options.msgId, waiter);
    this.schedule(waiter.deadline);
    return waiter;
  }

  /** False when nobody waits for it, or not any more. `server`: the queue by which its sender can be reached. */
  deliver(reply: WireReply, server?: string): boolean {
    const waiter = this.#waiters.get(reply.msgId);
    if (waiter === undefined) return false;
    // Only the messages that come before the last one need to know the time.
    waiter.take(reply, server, reply.ending && reply.seq === undefined ? 0 : performance.now());
    return true;
  }

  /** Signs of life may have been lost: all servers are given time again. */
  restartSilences(): void {
    const now = performance.now();
    for (const waiter of this.#waiters.values()) {
      if (waiter.inDoubt || waiter.doubtAt !== NEVER) waiter.watch(now);
    }
  }

  /** Ends all calls and stops the timer. */
  failAll(error: MessagingError): void {
    for (const waiter of [...this.#waiters.values()]) waiter.fail(error);
    clearTimeout(this.#timer);
    this.#wakeAt = NEVER;
  }

  /** A waiter wants attention at that time (ms, of `performance.now`). */
  schedule(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    clearTimeout(this.#timer);
    const delay = Math.min(Math.max(at - performance.now(), 0), TIMER_MAX);
    // It does not keep the process alive; the connection does.
    this.#timer = setTimeout(this.#sweep, delay).unref();
  }

  /** Its call has ended. */
  ended(waiter: ReplyWaiter): void {
    this.#waiters.delete(waiter.options.msgId);
  }

  readonly #sweep = (): void => {
    const now = performance.now();
    const wakeAt = this.#wakeAt;
    this.#wakeAt = NEVER;
    // The timers' clock may be ahead by a millisecond, and a server on this machine may still start what is not late.
    if (now < wakeAt) {
      this.schedule(wakeAt);
      return;
    }
    const expired: ReplyWaiter[] = [];
    const doubtful: ReplyWaiter[] = [];
    let next = NEVER;
    for (const waiter of this.#waiters.values()) {
      if (waiter.deadline <= now) expired.push(waiter);
      else if (waiter.doubtAt <= now) doubtful.push(waiter);
      else next = Math.min(next, waiter.deadline, waiter.doubtAt);
    }
    for (const waiter of expired) waiter.expire();
    for (const waiter of doubtful) {
      waiter.doubt();
      next = Math.min(next, waiter.deadline);
    }
    if (next !== NEVER) this.schedule(Math.max(next, now + SWEEP_PAUSE));
    if (doubtful.length > 0) this.#onDoubt(doubtful);
  };
}
