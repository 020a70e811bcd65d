import type { Database } from '@mini-nova/data/database';

export interface PresenceOptions {
  db: Database;
  /** Rejects when the message bus is away. Default: it never is. */
  bus?: () => Promise<void>;
  /** By performance.now(): when this conductor started. Default: long ago. */
  since?: number;
}

/**
 * For how long computes have been able to make progress: since when the bus and the database are there and this
 * conductor serves.
 */
export class Presence {
  readonly #db: Database;
  readonly #bus: () => Promise<void>;
  /** By performance.now(). */
  #since: number;

  constructor({ db, bus = async () => {}, since = Number.NEGATIVE_INFINITY }: PresenceOptions) {
    this.#db = db;
    this.#bus = bus;
    this.#since = since;
  }

  /** Whether it is at least so many seconds. */
  async lasts(seconds: number): Promise<boolean> {
    try {
      await this.#bus();
    } catch {
      this.#since = performance.now();
    }
    const since = Math.max(this.#since, this.#db.backSince);
    return performance.now() - since >= seconds * 1000;
  }
}
