import { type MessagingError, MessagingTimeout } from '../../errors.ts';
import type { Reply } from '../driver.ts';
import type { WireReply } from './wire-message.ts';

export interface WaiterOptions {
  msgId: string;
  /** Tells what is called, for the timeout's message. */
  callee(): string;
  /** Seconds until MessagingTimeout; undefined: never. */
  timeout: number | undefined;
  /** Seconds without a sign of life until MessagingTimeout; null: not monitored. */
  callMonitorTimeout: number | null;
  onReply(reply: Reply): void;
  onError(error: MessagingError): void;
}

/** Timers of Node.js hold 31 bits. */
const TIMER_MAX = 0x7fff_ffff;

/** The calls under way, by message id. */
export class ReplyWaiters {
  readonly #waiters = new Map<string, ReplyWaiter>();

  get size(): number {
    return this.#waiters.size;
  }

  add(options: WaiterOptions): ReplyWaiter {
    const waiter = new ReplyWaiter(options, () => this.#waiters.delete(options.msgId));
    this.#waiters.set(options.msgId, waiter);
    return waiter;
  }

  /** False when nobody waits for it, or no longer. */
  deliver(reply: WireReply): boolean {
    const waiter = this.#waiters.get(reply.msgId);
    if (waiter === undefined) return false;
    waiter.take(reply);
    return true;
  }

  failAll(error: MessagingError): void {
    for (const waiter of [...this.#waiters.values()]) waiter.fail(error);
  }
}

/** One call: it ends in exactly one of reply, error and timeout. */
export class ReplyWaiter {
  readonly #options: WaiterOptions;
  readonly #onSettled: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #monitor: NodeJS.Timeout | undefined;
  /** What an old peer sent ahead of its empty last message. */
  #early: Reply | undefined;
  #settled = false;

  constructor(options: WaiterOptions, onSettled: () => void) {
    this.#options = options;
    this.#onSettled = onSettled;
    this.#timer = this.#startTimer(options.timeout, (seconds) => `Timed out after ${seconds} s`);
  }

  /** The broker has seen the request: from now on the server must give signs of life. */
  startMonitor(): void {
    const { callMonitorTimeout } = this.#options;
    if (this.#settled || this.#monitor !== undefined || callMonitorTimeout === null) return;
    this.#monitor = this.#startTimer(callMonitorTimeout, (seconds) => `No sign of life for ${seconds} s`);
  }

  take(reply: WireReply): void {
    const { result, failure } = reply;
    if (!reply.ending) {
      if (result !== null || failure !== null) this.#early = { result, failure };
      this.#monitor?.refresh();
      return;
    }
    if (this.#settle()) this.#options.onReply(this.#early ?? { result, failure });
  }

  fail(error: MessagingError): void {
    if (this.#settle()) this.#options.onError(error);
  }

  #startTimer(
    seconds: number | undefined,
    describe: (seconds: number) => string,
  ): NodeJS.Timeout | undefined {
    if (seconds === undefined) return undefined;
    const { callee, msgId } = this.#options;
    return setTimeout(
      () =>
        this.fail(new MessagingTimeout(`${describe(seconds)} waiting for ${callee()}, message ID ${msgId}`)),
      Math.min(seconds * 1000, TIMER_MAX),
    );
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#monitor);
    this.#onSettled();
    return true;
  }
}
