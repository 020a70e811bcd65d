import type { Database } from '@mini-nova/data/database';
import { touchScheduling } from '@mini-nova/data/instances/queries';
import { databaseTimestamp } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';

export interface WaitingBuildsOptions {
  db: Database;
  /** Seconds after which a record without a change is taken for that of a stuck build; 0: never. */
  buildTimeout: () => number;
  logger: Logger;
}

/** A record is touched so often within the timeout: one touch that fails, or is late, does no harm. */
const TOUCHES = 4;
/** Seconds between looks while there is no timeout. */
const IDLE = 60;

/**
 * The builds that wait here for a host. Who waits in a queue that moves is not stuck, however long it takes: the
 * instances' records are touched meanwhile, so that no conductor ends them for having made no progress.
 */
export class WaitingBuilds {
  readonly #options: WaitingBuildsOptions;
  readonly #uuids = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WaitingBuildsOptions) {
    this.#options = options;
  }

  /** The instances count as waiting while `work` runs. */
  async during<T>(uuids: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const uuid of uuids) this.#uuids.set(uuid, (this.#uuids.get(uuid) ?? 0) + 1);
    this.#watch();
    try {
      return await work();
    } finally {
      for (const uuid of uuids) this.#leave(uuid);
    }
  }

  /** The same message may have come twice. */
  #leave(uuid: string): void {
    const times = (this.#uuids.get(uuid) ?? 1) - 1;
    if (times > 0) this.#uuids.set(uuid, times);
    else this.#uuids.delete(uuid);
    if (this.#uuids.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#uuids.size === 0) return;
    const seconds = this.#options.buildTimeout() / TOUCHES || IDLE;
    this.#timer = setTimeout(() => void this.#touch(), seconds * 1000).unref();
  }

  async #touch(): Promise<void> {
    const { db, buildTimeout, logger } = this.#options;
    const uuids = [...this.#uuids.keys()];
    try {
      if (buildTimeout() > 0) await touchScheduling(db.kysely, uuids, databaseTimestamp(db.kysely));
    } catch (error) {
      logger.warn({ err: error, instances: uuids.length }, 'could not note that builds wait for a host');
    }
    this.#timer = undefined;
    this.#watch();
  }
}
