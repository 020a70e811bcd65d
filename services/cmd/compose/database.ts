import type { NovaConfig } from '@mini-nova/config';
import { assertMigrated, type Database, ensureNetwork, migrate, openDatabase } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';

/** The configured database. @throws DatabaseUrlError */
export async function openConfigured({ database }: NovaConfig, logger: Logger): Promise<Database> {
  return openDatabase(database.connection, { maxPoolSize: database.max_pool_size, logger });
}

/** The configured database, whose schema is known to be ours. @throws DatabaseUrlError, SchemaOutOfDate */
export async function openMigrated(config: NovaConfig, logger: Logger): Promise<Database> {
  const db = await openConfigured(config, logger);
  try {
    await assertMigrated(db);
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Brings the schema up to date, and creates the configured network. Returns the migrations that were applied. */
export async function syncDatabase(db: Database, { network }: NovaConfig): Promise<string[]> {
  const applied = await migrate(db);
  await ensureNetwork(db.kysely, { label: network.name, cidr: network.cidr });
  return applied;
}
