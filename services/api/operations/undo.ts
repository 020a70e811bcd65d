import { DatabaseUnavailable, withNewPatience } from '@mini-nova/database';
import { outlastDatabase } from '@mini-nova/domain/outage-retry';
import type { ComputeDependencies } from './dependencies.ts';

/** Seconds for which the user, who has waited for the bus, waits for it. */
const PATIENCE = 2;

/**
 * Undoes what was recorded of a request that is refused. Where the database is away, its user does not wait for it: it is
 * done as soon as it is back. Undefined then, else what `work` says. It must be idempotent.
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
