import { mkdirSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import {
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { DatabaseUrlError } from '../errors.ts';
import { boundedByPatience } from '../patience.ts';
import { Pattern } from '../pattern/pattern.ts';
import type { TransactionScope } from '../transaction-scope.ts';
import type { Turns } from '../turns.ts';
import { backoff } from './backoff.ts';
import { isSqliteBusy } from './driver-errors.ts';
import { explained } from './outages.ts';
import { SQLite } from './sqlite.ts';
import { SqliteDriver } from './sqlite-driver.ts';
import { BUSY_TIMEOUT_MS, SqliteLane } from './sqlite-lane.ts';

export interface SqliteOptions {
  /** The file's path; null for a database in memory. */
  path: string | null;
  scope: TransactionScope;
  turns: Turns;
  /** Whether the file outlives a power cut. */
  synchronous: boolean;
}

/**
 * Opens the file for sharing with other processes; a new one is created.
 *
 * @throws DatabaseUrlError; DatabaseUnavailable when another process holds its lock
 */
export async function openSqlite({ path, scope, turns, synchronous }: SqliteOptions): Promise<Dialect> {
  const lane = (database: BetterSqlite3.Database): SqliteLane => {
    addRegexp(database);
    return new SqliteLane(database, turns);
  };
  // A database in memory belongs to its connection alone.
  if (path === null)
    return new SqliteDialect(new SqliteDriver({ writer: lane(new SQLite(':memory:')) }, scope));
  createParent(path);
  const lanes = {
    writer: lane(await openWriter(path, synchronous)),
    reader: lane(await openReader(path)),
    snapshots: lane(await openReader(path)),
  };
  return new SqliteDialect(new SqliteDriver(lanes, scope));
}

function openWriter(path: string, synchronous: boolean): Promise<BetterSqlite3.Database> {
  return open(path, (database) => {
    // Readers and the writer do not wait for each other.
    database.pragma('journal_mode = WAL');
    database.pragma(`synchronous = ${synchronous ? 'NORMAL' : 'OFF'}`);
    database.pragma('foreign_keys = ON');
  });
}

function openReader(path: string): Promise<BetterSqlite3.Database> {
  return open(path, (database) => database.pragma('query_only = ON'));
}

async function open(
  path: string,
  prepare: (database: BetterSqlite3.Database) => void,
): Promise<BetterSqlite3.Database> {
  const deadline = performance.now() + boundedByPatience(BUSY_TIMEOUT_MS);
  for (let attempt = 1; ; attempt++) {
    try {
      return openOnce(path, prepare);
    } catch (error) {
      if (!isSqliteBusy(error))
        throw new DatabaseUrlError(`Cannot open SQLite database ${path}: ${reason(error)}`, { cause: error });
      if (performance.now() > deadline) throw explained(error);
    }
    await backoff(attempt, 20);
  }
}

/** Without SQLite's own waiting for locks, which would block the event loop. */
function openOnce(path: string, prepare: (database: BetterSqlite3.Database) => void): BetterSqlite3.Database {
  const database = new SQLite(path, { timeout: 0 });
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The operator `text regexp pattern`, which SQLite leaves to its users to define. */
function addRegexp(database: BetterSqlite3.Database): void {
  database.function('regexp', { deterministic: true }, (pattern, text) =>
    typeof pattern === 'string' && typeof text === 'string'
      ? Number(Pattern.parse(pattern).matches(text))
      : null,
  );
}

/** For a relative path only the last folder is created: if more are missing, a slash is probably missing in the URL. */
function createParent(path: string): void {
  const folder = dirname(resolve(path));
  try {
    mkdirSync(folder, { recursive: isAbsolute(path) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw new DatabaseUrlError(
      `Cannot create folder ${folder} for the SQLite database (sqlite:/// is relative to the working directory, sqlite://// absolute): ${reason(error)}`,
      { cause: error },
    );
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class SqliteDialect implements Dialect {
  readonly #driver: SqliteDriver;

  constructor(driver: SqliteDriver) {
    this.#driver = driver;
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(database);
  }
}
