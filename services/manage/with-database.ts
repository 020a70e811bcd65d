import { type OpenOptions, openConfigured, ping, usingDatabase } from '@mini-nova/data/configured-database';
import type { Database } from '@mini-nova/data/database';
import { assertMigrated } from '@mini-nova/data/migrate';
import type { DataConfig } from '@mini-nova/data/options';
import { withPatience } from '@mini-nova/database';
import { silentLogger } from '@mini-nova/messaging';

/** Seconds for which a command waits for a database that is away: a person is watching. */
const PATIENCE = 2;

/**
 * Opens the configured database, works on it, and closes it.
 *
 * @throws DatabaseUnavailable, DatabaseUnusable, and what `work` throws
 */
export async function withDatabase<T>(
  config: DataConfig,
  work: (db: Database) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  const db = await withPatience(PATIENCE, () => openConfigured(config, silentLogger, options));
  try {
    await withPatience(PATIENCE, () => ping(db));
    return await usingDatabase(() => work(db));
  } finally {
    await db.close();
  }
}

/** The same, if its schema is up to date. @throws SchemaOutOfDate */
export async function withMigratedDatabase<T>(
  config: DataConfig,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  return withDatabase(config, async (db) => {
    await assertMigrated(db);
    return work(db);
  });
}
