import {
  CallCancelled,
  MessageDeliveryFailure,
  type MessagingError,
  MessagingTimeout,
  ServerLost,
} from '../../../errors.ts';
import type { JsonValue } from '../../../json.ts';
import { MAX_TIMER } from '../../../limits.ts';
import type { Target } from '../../../target.ts';
import type { Reply } from '../../driver.ts';
import type { WireReply } from '../wire/wire-message.ts';
import type { OutgoingCall } from './outgoing-requests.ts';

/** How many results may wait for an earlier one that is missing. */
const HELD_MAX = 10_000;

/** Puts the results of a multicall in order: a result that was published again may come twice, or after later ones. */
export class ResultSequence {
  readonly #onResult: (result: JsonValue) => void;
  readonly #held = new Map<number, JsonValue>();
  /** How many results have been handed over: all before this number. */
  complete = 0;

  constructor(onResult: (result: JsonValue) => void) {
    this.#onResult = onResult;
  }

  /** False when too many results wait for a missing one. */
  add(seq: number, result: JsonValue): boolean {
    if (seq >= this.complete) this.#held.set(seq, result);
    let next = this.#held.get(this.complete);
    while (next !== undefined) {
      this.#held.delete(this.complete);
      this.complete += 1;
      this.#onResult(next);
      next = this.#held.get(this.complete);
    }
    return this.#held.size <= HELD_MAX;
  }
}

/** The receiver of a reply: `onResult` is called with each result ahead of the reply, in order. */
type ReplyReceiver = Pick<OutgoingCall, 'callee' | 'onReply' | 'onError'> &
  Partial<Pick<OutgoingCall, 'onResult'>>;

export interface WaiterOptions {
  msgId: string;
  /** Seconds until MessagingTimeout; undefined: never. */
  timeout: number | undefined;
  /** Seconds for which a server may be silent; null: the call is not monitored. */
  callMonitorTimeout: number | null;
  /** The queue that its request went to. */
  queue: string;
  /** What that queue is of. */
  target: Target;
  receiver: ReplyReceiver;
}

/** A server sends two signs of life in each call-monitor timeout; one may be late by a whole timeout. */
const PATIENCE = 1.5;
/**
 * Silence (ms) after which a server is lost although its consumer exists: the process is frozen, or its event loop
 * blocked. One that merely gets little processor time is heard from sooner.
 */
const LONGEST_SILENCE = 60_000;
/** For how long (ms) a multicall's last message waits for results that come after it. */
const GAP_PATIENCE = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

/** One call: it ends in exactly one of reply and error. All times are milliseconds of `performance.now`. */
export class ReplyWaiter {
  readonly options: WaiterOptions;
  /** When it times out. */
  deadline: number;
  /** When its server becomes suspect, if nothing is heard from it. */
  doubtAt = NEVER;
  isSettled = false;
  /** A sign of life has come. */
  heard = false;
  /** Whether the silence has been too long, and nothing was heard since. */
  inDoubt = false;
  /** The queue by which the server that runs the call can be reached, if that has named it. */
  server: string | undefined;
  /** Since when nothing has been heard. */
  #silentSince = 0;
  readonly #holder: ReplyWaiters;
  #results: ResultSequence | undefined;
  /** The reply that an old peer sent ahead of its empty last message. */
  #early: Reply | undefined;
  /** A multicall's last message, while results are missing. */
  #last: Reply | undefined;

  constructor(options: WaiterOptions, now: number, holder: ReplyWaiters) {
    this.options = options;
    this.deadline = options.timeout === undefined ? NEVER : now + options.timeout * 1000;
    this.#holder = holder;
  }

  /** Whether it waits and has heard nothing since that time. */
  isSilentSince(at: number): boolean {
    return !this.isSettled && this.#silentSince <= at;
  }

  /** From now on the server must give signs of life: the broker has the request, or is back. */
  watch(now: number): void {
    this.#silentSince = now;
    this.#expectSign(now);
  }

  /** The broker says that the server exists: it is given more time unless it has been silent for too long. */
  waitLonger(now: number): boolean {
    if (now - this.#silentSince >= Math.max(LONGEST_SILENCE, this.#patience)) return false;
    this.#expectSign(now);
    return true;
  }

  #expectSign(now: number): void {
    if (this.options.callMonitorTimeout === null || this.isSettled || this.#last !== undefined) return;
    const doubted = this.doubtAt === NEVER;
    this.inDoubt = false;
    this.doubtAt = now + this.#patience;
    // Otherwise there is an earlier appointment already.
    if (doubted) this.#holder.schedule(this.doubtAt);
  }

  /** Its time of silence is over. */
  doubt(): void {
    this.inDoubt = true;
    this.doubtAt = NEVER;
  }

  /** `server`: the queue that the message names as its sender's. */
  take(reply: WireReply, server: string | undefined, now: number): void {
    if (server !== undefined) this.server = server;
    if (reply.ending) this.#takeLast(reply, now);
    else this.#takeEarly(reply, now);
  }

  fail(error: MessagingError): void {
    if (this.#settle()) this.options.receiver.onError(error);
  }

  /** Its deadline has come. */
  expire(): void {
    if (this.#last !== undefined) {
      const { results = 0 } = this.#last;
      const lost = results - (this.#results?.complete ?? 0);
      this.fail(new MessageDeliveryFailure(`${lost} of the ${results} results of ${this.#what()} were lost`));
    } else
      this.fail(
        new MessagingTimeout(`Timed out after ${this.options.timeout} s waiting for ${this.#what()}`),
      );
  }

  /** Its server is gone. */
  loseServer(reason: string): void {
    const silence = Math.max(performance.now() - this.#silentSince, this.#patience);
    const seconds = Math.round(silence / 100) / 10;
    this.fail(new ServerLost(`No sign of life for ${seconds} s waiting for ${this.#what()}: ${reason}`));
  }

  cancel(reason: unknown): void {
    this.fail(new CallCancelled(`Cancelled while waiting for ${this.#what()}`, { cause: reason }));
  }

  /** Milliseconds of silence until its server is in doubt. */
  get #patience(): number {
    return (this.options.callMonitorTimeout ?? 0) * 1000 * PATIENCE;
  }

  #takeEarly({ result, failure, seq }: WireReply, now: number): void {
    this.heard = true;
    this.watch(now);
    if (seq !== undefined) this.#takeResult(seq, result);
    else if (result !== null || failure !== null) this.#early = { result, failure };
  }

  #takeResult(seq: number, result: JsonValue): void {
    this.#results ??= new ResultSequence((each) => this.options.receiver.onResult?.(each));
    if (!this.#results.add(seq, result)) {
      this.fail(new MessageDeliveryFailure(`A result of ${this.#what()} was lost`));
    } else if (this.#last !== undefined) this.#endIfComplete(this.#last);
  }

  #takeLast({ result, failure, seq }: WireReply, now: number): void {
    if (seq === undefined) this.#end(this.#early ?? { result, failure });
    else if (failure !== null) this.#end({ result, failure, results: seq });
    else if (!this.#endIfComplete({ result, failure, results: seq })) this.#waitForResults(now);
  }

  #endIfComplete(last: Reply): boolean {
    this.#last = last;
    if ((this.#results?.complete ?? 0) < (last.results ?? 0)) return false;
    this.#end(last);
    return true;
  }

  /** Some may have been published again, or wait for the reply queue to come back. */
  #waitForResults(now: number): void {
    this.doubtAt = NEVER;
    this.deadline = Math.min(this.deadline, now + GAP_PATIENCE);
    this.#holder.schedule(this.deadline);
  }

  #end(reply: Reply): void {
    if (this.#settle()) this.options.receiver.onReply(reply);
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.#holder.ended(this);
    return true;
  }

  #what(): string {
    const { receiver, msgId } = this.options;
    return `${receiver.callee}, message ID ${msgId}`;
  }
}

/** Minimum time (ms) between two checks of all calls, when many end one after another. */
const SWEEP_PAUSE = 10;

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
    const delay = Math.min(Math.max(at - performance.now(), 0), MAX_TIMER);
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
