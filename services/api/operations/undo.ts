import { DatabaseUnavailable, withNewPatience } from '@mini-nova/database';
import { outlastDatabase } from '@mini-nova/domain/outage-retry';
import type { ComputeDependencies } from './dependencies.ts';

/** Seconds for which the user waits for it, after having waited for the bus. */
const PATIENCE = 2;

/**
 * Undoes what was recorded of a refused request. `work` does it, and must be idempotent. Returns its result, or
 * undefined if the database is away: then the user does not wait, and the work is done as soon as the database is back.
 */
export async function undo<T>(
  { logger }: Pick<ComputeDependencies, 'logger'>,
  instanceUuids: readonly string[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await withNewPatience(PATIENCE, work);
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error;
    const data = { instances: instanceUuids, reason: error.reason };
    logger.warn(data, 'A request was refused, and is undone when the database is back');
    withNewPatience(Number.POSITIVE_INFINITY, () => outlastDatabase(work)).catch((failure: unknown) => {
      logger.error({ ...data, err: failure }, 'A request that was refused could not be undone');
    });
    return undefined;
  }
}
