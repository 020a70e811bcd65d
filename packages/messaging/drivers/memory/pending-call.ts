import type { Roster, RosterEntry } from '../../collections.ts';
import { CallCancelled, MessagingTimeout, ServerLost } from '../../errors.ts';
import type { JsonValue } from '../../json.ts';
import { MAX_TIMER } from '../../limits.ts';
import type { Target } from '../../target.ts';
import { onAbort } from '../../waits.ts';
import type { Reply, SendOptions } from '../driver.ts';
import type { MemoryConsumer } from './memory-consumer.ts';
import type { MemoryQueue } from './memory-queue.ts';

/** A server may be busy for a whole call-monitor timeout and show its next sign of life half of it later. */
const PATIENCE = 1.5;
const NOTHING = (): void => {};

/** A call that waits for its reply; it ends once, in a reply or an error. */
export class PendingCall {
  readonly reply: Promise<Reply>;
  readonly options: SendOptions;
  settled = false;
  cancelled = false;
  readonly #target: Target;
  readonly #method: string;
  readonly #roster: Roster<PendingCall>;
  readonly #entry: RosterEntry<PendingCall>;
  #resolve: (reply: Reply) => void = NOTHING;
  #reject: (error: Error) => void = NOTHING;
  readonly #cancelListeners: (() => void)[] = [];
  #stopListening: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds until the call times out, and of silence until it is in doubt. */
  readonly #timeout: number;
  readonly #patience: number;
  /** Where the request waits; undefined once a server has it. */
  #queue: MemoryQueue | undefined;
  /** Who has it. */
  #server: MemoryConsumer | undefined;
  /** Milliseconds, of the process's own clock. */
  readonly #startedAt = performance.now();
  #lastSign = this.#startedAt;
  #results = 0;

  /** @param roster has the call until it ends */
  constructor(target: Target, method: string, options: SendOptions, roster: Roster<PendingCall>) {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.options = options;
    this.#target = target;
    this.#method = method;
    this.#roster = roster;
    this.#entry = roster.add(this);
    this.#timeout = (options.timeout ?? Number.POSITIVE_INFINITY) * 1000;
    this.#patience = (options.callMonitorTimeout ?? Number.POSITIVE_INFINITY) * PATIENCE * 1000;
    const { signal } = options;
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => this.#cancel(signal));
    // One timer serves the timeout and the monitor: nearly all calls end before either.
    const wait = Math.min(this.#timeout, this.#patience);
    if (wait !== Number.POSITIVE_INFINITY) this.#timer = this.#wake(wait);
  }

  /** The request waits in this queue. */
  waitsIn(queue: MemoryQueue): void {
    this.#queue = queue;
    this.#server = undefined;
  }

  /** A server has taken the request. */
  takenBy(server: MemoryConsumer): void {
    this.#queue = undefined;
    this.#server = server;
  }

  succeed(reply: Reply): void {
    if (this.#settle()) this.#resolve(reply);
  }

  fail(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  /** One of several results; `seq` counts them from 0. Those that an earlier run has given are dropped. */
  result(result: JsonValue, seq: number): void {
    if (this.settled) return;
    this.heartbeat();
    if (seq < this.#results) return;
    this.#results = seq + 1;
    this.options.onResult?.(result);
  }

  /** A sign of life from the server. */
  heartbeat(): void {
    this.#lastSign = performance.now();
  }

  /** Calls the listener when the caller cancels; at once when it has. */
  onCancelled(listener: () => void): void {
    if (this.cancelled) listener();
    else this.#cancelListeners.push(listener);
  }

  #cancel(signal: AbortSignal): void {
    if (this.settled) return;
    this.cancelled = true;
    this.fail(new CallCancelled(`${this.#description} was cancelled`, { cause: signal.reason }));
    for (const listener of this.#cancelListeners) listener();
  }

  get #description(): string {
    return `${this.#method} from ${this.#target}`;
  }

  #wake(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), Math.min(milliseconds, MAX_TIMER));
  }

  #look(): void {
    const now = performance.now();
    // Timers may fire a part of a millisecond early.
    const early = 1;
    const untilTimeout = this.#startedAt + this.#timeout - now - early;
    let untilDoubt = this.#lastSign + this.#patience - now - early;
    if (untilTimeout <= 0) {
      this.fail(new MessagingTimeout(`No reply to ${this.#description} in ${this.options.timeout} s`));
      return;
    }
    if (untilDoubt <= 0) {
      if (!this.#mayStillCome()) {
        this.fail(new ServerLost(`No sign of life from the server of ${this.#description}`));
        return;
      }
      this.#lastSign = now;
      untilDoubt = this.#patience;
    }
    this.#timer = this.#wake(Math.min(untilTimeout, untilDoubt) + early);
  }

  /** Whether its server is there, or the request waits: for its turn, or for a server that is to be waited for. */
  #mayStillCome(): boolean {
    if (this.#server !== undefined) return this.#server.isOpen;
    return this.#queue?.hasConsumers === true || this.options.failUndeliverable === false;
  }

  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.#timer);
    this.#stopListening?.();
    this.#roster.remove(this.#entry);
    return true;
  }
}
