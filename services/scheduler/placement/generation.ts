import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable } from '@mini-nova/database';

/** Another writer changed the provider between our reading and our writing it. */
export class ConcurrentProviderUpdate extends Error {
  readonly code = 'CONCURRENT_PROVIDER_UPDATE';
  readonly providerUuid: string;

  constructor(providerUuid: string) {
    super(`Resource provider ${providerUuid} was changed by another request`);
    this.name = 'ConcurrentProviderUpdate';
    this.providerUuid = providerUuid;
  }
}

/** Every conflict means that another writer got on, so many in a row are a sign of load, not of an error. */
const ATTEMPTS = 100;
const MAX_PAUSE_MS = 30;

/**
 * Runs `work` in a transaction, and again with fresh data whenever it finds the provider's generation advanced.
 * @throws ConcurrentProviderUpdate after 100 conflicts in a row
 */
export async function withGenerationRetry<T>(db: Database, work: (trx: Queryable) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (!(error instanceof ConcurrentProviderUpdate) || attempt === ATTEMPTS) throw error;
    }
    await sleep(Math.random() * MAX_PAUSE_MS);
  }
}
