import type { Database } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';
import { orphanedAllocations, releaseAllocations } from '../../scheduler/placement/allocations.ts';

export interface OrphanedAllocationsOptions {
  db: Database;
  /** Seconds; younger allocations may be of a build that is about to be recorded. */
  age: number;
  /** By the database's clock. */
  now: Date;
  logger: Logger;
}

/** Releases what instances hold that will never use it: a claim that was made when its build had been given up. */
export async function releaseOrphanedAllocations({
  db,
  age,
  now,
  logger,
}: OrphanedAllocationsOptions): Promise<void> {
  for (const { consumer_uuid, provider_uuid } of await orphanedAllocations(db, age, now)) {
    if (await releaseAllocations(db, consumer_uuid, provider_uuid)) {
      logger.warn(
        { instance_uuid: consumer_uuid, provider: provider_uuid },
        'Released an orphaned allocation',
      );
    }
  }
}
