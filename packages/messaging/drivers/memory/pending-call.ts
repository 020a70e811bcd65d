import { MessagingTimeout } from '../../errors.ts';
import type { Reply, SendOptions } from '../driver.ts';

/** Timers take a 32-bit number of milliseconds; a longer one would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;

/** A call that waits for its reply; it ends once, in a reply or an error. */
export class PendingCall {
  readonly reply: Promise<Reply>;
  /** Seconds. */
  readonly callMonitorTimeout: number | null;
  #settled = false;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #monitor: NodeJS.Timeout | undefined;
  readonly #onSettled: (call: PendingCall) => void;

  /** @param describe names the call in errors */
  constructor(describe: () => string, options: SendOptions, onSettled: (call: PendingCall) => void) {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#onSettled = onSettled;
    this.callMonitorTimeout = options.callMonitorTimeout ?? null;
    this.#timer = this.#failAfter(options.timeout, () => `No reply to ${describe()}`);
    this.#monitor = this.#failAfter(
      this.callMonitorTimeout ?? undefined,
      () => `No sign of life while waiting for ${describe()}`,
    );
  }

  get settled(): boolean {
    return this.#settled;
  }

  succeed(reply: Reply): void {
    if (this.#settle()) this.#resolve(reply);
  }

  fail(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  /** The endpoint is still running: the monitor starts again. */
  heartbeat(): void {
    if (!this.#settled) this.#monitor?.refresh();
  }

  #failAfter(seconds: number | undefined, what: () => string): NodeJS.Timeout | undefined {
    if (seconds === undefined) return undefined;
    const expire = () => this.fail(new MessagingTimeout(`${what()} in ${seconds} s`));
    return setTimeout(expire, Math.min(seconds * 1000, MAX_TIMER));
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#monitor);
    this.#onSettled(this);
    return true;
  }
}
