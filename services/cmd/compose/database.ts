import type { NovaConfig } from '@mini-nova/config';
import {
  assertMigrated,
  type Database,
  DatabaseError,
  ensureNetwork,
  migrate,
  openDatabase,
} from '@mini-nova/database';
import { type Logger, turns } from '@mini-nova/messaging';
import type { ReadinessChecks } from '@mini-nova/service';

/** The configured database. @throws DatabaseUrlError */
export async function openConfigured({ database }: NovaConfig, logger: Logger): Promise<Database> {
  return openDatabase(database.connection, { maxPoolSize: database.max_pool_size, logger, turns });
}

/**
 * The configured database, whose schema is known to be ours.
 *
 * @throws DatabaseUrlError, SchemaOutOfDate, DatabaseUnusable
 */
export async function openMigrated(config: NovaConfig, logger: Logger): Promise<Database> {
  const db = await openConfigured(config, logger);
  try {
    await usingDatabase(() => assertMigrated(db));
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/**
 * Brings the schema up to date, and creates the configured network. Returns the migrations that were applied.
 *
 * @throws DatabaseUnusable
 */
export async function syncDatabase(db: Database, { network }: NovaConfig): Promise<string[]> {
  return usingDatabase(async () => {
    const applied = await migrate(db);
    await ensureNetwork(db.kysely, { label: network.name, cidr: network.cidr });
    return applied;
  });
}

/** That the database answers, asked as cheaply as can be. */
export function databaseChecks({ kysely }: Database): ReadinessChecks {
  return {
    database: async () => {
      await usingDatabase(() => kysely.selectNoFrom((eb) => eb.val(1).as('one')).execute());
    },
  };
}

/** The database cannot be reached, or refuses to work. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable';
  readonly code = 'DATABASE_UNUSABLE';

  constructor(cause: Error) {
    // A name with several addresses fails with an error for each, and none of its own.
    const reasons =
      cause instanceof AggregateError ? cause.errors.map(({ message }) => message) : [cause.message];
    super(`The database cannot be used: ${reasons.join('; ')}`, { cause });
  }
}

/** Says of a failure of the database that it is one. @throws DatabaseUnusable */
export async function usingDatabase<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDriverFailure(error) ? new DatabaseUnusable(error) : error;
  }
}

/** What PostgreSQL or SQLite says of a query, and the system of the way there. */
function isDriverFailure(error: unknown): error is Error {
  if (error instanceof AggregateError) return true;
  if (!(error instanceof Error) || error instanceof DatabaseError) return false;
  return 'severity' in error || 'syscall' in error || error.name === 'SqliteError';
}
