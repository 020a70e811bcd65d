import { mkdirSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import SQLite from 'better-sqlite3';
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
import { Pattern } from '../pattern/pattern.ts';
import type { TransactionScope } from '../transaction-scope.ts';
import type { Turns } from '../turns.ts';
import { SqliteDriver } from './sqlite-driver.ts';
import { BUSY_TIMEOUT_MS, SqliteLane } from './sqlite-lane.ts';

export interface SqliteOptions {
  /** Of the file; null: a database in memory. */
  path: string | null;
  scope: TransactionScope;
  turns: Turns;
}

/** Opens the file for sharing with other processes; a new one is created. */
export function sqliteDialect({ path, scope, turns }: SqliteOptions): Dialect {
  const lane = (database: SQLite.Database): SqliteLane => {
    addRegexp(database);
    return new SqliteLane(database, turns);
  };
  // A database in memory is its connection's own.
  if (path === null)
    return new SqliteDialect(new SqliteDriver({ writer: lane(new SQLite(':memory:')) }, scope));
  createParent(path);
  const lanes = {
    writer: lane(openWriter(path)),
    reader: lane(openReader(path)),
    snapshots: lane(openReader(path)),
  };
  return new SqliteDialect(new SqliteDriver(lanes, scope));
}

function openWriter(path: string): SQLite.Database {
  return open(path, (database) => {
    // Readers do not wait for the writer, nor it for them.
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
  });
}

function openReader(path: string): SQLite.Database {
  return open(path, (database) => database.pragma('query_only = ON'));
}

function open(path: string, prepare: (database: SQLite.Database) => void): SQLite.Database {
  try {
    const database = new SQLite(path, { timeout: BUSY_TIMEOUT_MS });
    prepare(database);
    // From here on the driver waits, without blocking the event loop.
    database.pragma('busy_timeout = 0');
    return database;
  } catch (error) {
    throw new DatabaseUrlError(`Cannot open SQLite database ${path}: ${reason(error)}`, { cause: error });
  }
}

/** The operator `text regexp pattern`, which SQLite leaves to its users. */
function addRegexp(database: SQLite.Database): void {
  database.function('regexp', { deterministic: true }, (pattern, text) =>
    typeof pattern === 'string' && typeof text === 'string'
      ? Number(Pattern.parse(pattern).matches(text))
      : null,
  );
}

/** Of a relative path only the last folder is made: a whole missing one is more likely a slash too few in the URL. */
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
