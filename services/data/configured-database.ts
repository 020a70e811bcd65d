import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError, DatabaseRefused, DatabaseUnavailable, withPatience } from '@mini-nova/database';
import { turns } from '@mini-nova/event-loop';
import { type Logger, silentLogger } from '@mini-nova/messaging';
import type { ReadinessChecks } from '@mini-nova/service';
import { type Database, openDatabase } from './database.ts';
import { assertMigrated, migrate } from './migrate.ts';
import { ensureNetwork } from './networks/queries.ts';
import type { DataConfig } from './options.ts';

export interface OpenOptions {
  /** No statement timeout, for migrations. Default false. */
  unhurried?: boolean;
}

/** The configured database. @throws DatabaseUrlError; DatabaseUnavailable for an SQLite file that is locked */
export async function openConfigured(
  { database }: DataConfig,
  logger: Logger,
  { unhurried = false }: OpenOptions = {},
): Promise<Database> {
  return openDatabase(withParameters(database.connection, database.connection_parameters), {
    maxPoolSize: database.max_pool_size,
    maxOverflow: database.max_overflow,
    poolTimeout: database.pool_timeout,
    connectTimeout: database.connect_timeout,
    statementTimeout: unhurried ? 0 : database.statement_timeout,
    connectionRecycleTime: database.connection_recycle_time,
    sqliteSynchronous: database.sqlite_synchronous,
    repeats: {
      maxRetries: database.db_max_retries,
      interval: database.db_retry_interval,
      increaseInterval: database.db_inc_retry_interval,
      maxInterval: database.db_max_retry_interval,
    },
    ...(database.connection_debug >= LOG_STATEMENTS && {
      onQuery: (sql, milliseconds) => logger.info({ sql, ms: milliseconds }, 'SQL statement'),
    }),
    logger,
    turns,
  });
}

/** The lowest `connection_debug` at which statements are logged. */
const LOG_STATEMENTS = 50;

function withParameters(connection: string, parameters: string): string {
  if (parameters === '') return connection;
  return `${connection}${connection.includes('?') ? '&' : '?'}${parameters}`;
}

/**
 * The configured database, once it answers with a migrated schema. While it is away, waits for it.
 *
 * @throws DatabaseUrlError, SchemaOutOfDate, DatabaseRefused, DatabaseUnusable; DatabaseUnavailable after `max_retries`
 */
export async function openMigrated(config: DataConfig, logger: Logger): Promise<Database> {
  await waitForDatabase(config, logger, (db) => assertMigrated(db));
  return openConfigured(config, logger);
}

/** Resolves once the database answers and `check` has succeeded. Logs once that it waits. */
export async function waitForDatabase(
  config: DataConfig,
  logger: Logger,
  check: (db: Database) => Promise<void> = ping,
): Promise<void> {
  for (let retry = 0; ; retry += 1) {
    try {
      await askOnce(config, check);
      return;
    } catch (error) {
      const { max_retries, retry_interval } = config.database;
      const isOver = max_retries >= 0 && retry >= max_retries;
      if (!(error instanceof DatabaseUnavailable) || error instanceof DatabaseRefused || isOver) throw error;
      if (retry === 0) logger.warn({ reason: error.reason }, 'Waiting for the database');
      await delay(retry_interval * 1000, undefined, { ref: false });
    }
  }
}

/** Uses connections of its own, which log nothing. */
async function askOnce(config: DataConfig, check: (db: Database) => Promise<void>): Promise<void> {
  await withPatience(ANSWER_PATIENCE, async () => {
    const db = await openConfigured(config, silentLogger);
    try {
      await usingDatabase(() => check(db));
    } finally {
      await db.close();
    }
  });
}

/** Seconds within which a database that is not away answers. */
const ANSWER_PATIENCE = 3;

/** The cheapest query that shows whether the database answers. @throws DatabaseUnavailable */
export async function ping({ kysely }: Database): Promise<void> {
  await usingDatabase(() => kysely.selectNoFrom((eb) => eb.val(1).as('one')).execute());
}

/**
 * Brings the schema up to date, and creates the configured network. Returns the migrations that were applied.
 *
 * @throws DatabaseUnusable
 */
export async function syncDatabase(db: Database, { network }: DataConfig): Promise<string[]> {
  return usingDatabase(async () => {
    const applied = await migrate(db);
    await ensureNetwork(db.kysely, { label: network.name, cidr: network.cidr });
    return applied;
  });
}

/** Seconds. Short enough for the reason to be in the answer of a readiness check. */
const CHECK_PATIENCE = 1;

export function databaseChecks(db: Database): ReadinessChecks {
  return { database: () => withPatience(CHECK_PATIENCE, () => ping(db)) };
}

/** The database answers, but cannot be used: its user lacks rights, or it is broken. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable';
  readonly code = 'DATABASE_UNUSABLE';

  constructor(cause: Error) {
    super(`The database cannot be used: ${cause.message}`, { cause });
  }
}

/** Wraps errors of the database driver. @throws DatabaseUnusable */
export async function usingDatabase<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDriverFailure(error) ? new DatabaseUnusable(error) : error;
  }
}

/** Whether the error comes from PostgreSQL, from SQLite, or from the system on the way there. */
function isDriverFailure(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof DatabaseError) return false;
  return 'severity' in error || 'syscall' in error || error.name === 'SqliteError';
}
