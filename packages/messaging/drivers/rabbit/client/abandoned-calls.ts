/** How many are remembered, and for how long (ms). */
const LIMIT = 10_000;
const TTL = 60_000;
/** A server that continues is told again, but not more often than this (ms). */
export const REPEAT = 1_000;

interface AbandonedCall {
  until: number;
  /** When its server was told. */
  toldAt: number;
}

/** Calls that have ended for their caller and may still run. Their servers are told as soon as they can be reached. */
export class AbandonedCalls {
  readonly #tell: (server: string, msgId: string) => void;
  readonly #calls = new Map<string, AbandonedCall>();

  /** @param tell sends the cancel message of a call to its server's queue */
  constructor(tell: (server: string, msgId: string) => void) {
    this.#tell = tell;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** `server`: the queue of the server that runs it, if known. */
  add(msgId: string, server: string | undefined): void {
    const now = performance.now();
    this.#forgetOld(now);
    this.#calls.set(msgId, { until: now + TTL, toldAt: Number.NEGATIVE_INFINITY });
    if (server !== undefined) this.heardOf(msgId, server);
  }

  /** The call's server has sent something, so it goes on with it. */
  heardOf(msgId: string, server: string): void {
    const call = this.#calls.get(msgId);
    if (call === undefined) return;
    const now = performance.now();
    if (call.until < now) this.#calls.delete(msgId);
    else if (call.toldAt + REPEAT <= now) {
      call.toldAt = now;
      this.#tell(server, msgId);
    }
  }

  /** The server has finished. */
  delete(msgId: string): void {
    this.#calls.delete(msgId);
  }

  /** All are remembered for the same time, so the oldest is the first. */
  #forgetOld(now: number): void {
    for (const [msgId, { until }] of this.#calls) {
      if (until > now && this.#calls.size < LIMIT) return;
      this.#calls.delete(msgId);
    }
  }
}
