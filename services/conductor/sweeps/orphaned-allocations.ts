import type { Database } from '@mini-nova/data/database';
import type { Logger } from '@mini-nova/messaging';
import { orphanedAllocations, releaseAllocations, unknownConsumers } from '@mini-nova/placement/allocations';

export interface OrphanedAllocationsOptions {
  db: Database;
  /** Seconds; younger allocations may be of what is about to be recorded. */
  age: number;
  /** By the database's clock. */
  now: Date;
  logger: Logger;
}

/**
 * Releases what instances hold that will never use it: a claim that was made after its build had been given up, or that
 * could not be given back. What consumers without a record hold is not touched: another database, or another control
 * plane, may know them.
 */
export class OrphanedAllocations {
  /** Consumers without a record that have been logged. */
  #told: ReadonlySet<string> = new Set();

  async release({ db, age, now, logger }: OrphanedAllocationsOptions): Promise<void> {
    for (const { consumer_uuid, provider_uuid } of await orphanedAllocations(db, age, now)) {
      if (await releaseAllocations(db, consumer_uuid, provider_uuid)) {
        logger.warn(
          { instance_uuid: consumer_uuid, provider: provider_uuid },
          'Released an orphaned allocation',
        );
      }
    }
    const unknown = await unknownConsumers(db, age, now);
    for (const consumer_uuid of unknown) {
      if (this.#told.has(consumer_uuid)) continue;
      logger.warn({ consumer_uuid }, 'There is an allocation whose consumer has no record; it is left alone');
    }
    this.#told = new Set(unknown);
  }
}
