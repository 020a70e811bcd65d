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
import { BUSY_TIMEOUT_MS, SqliteDriver } from './sqlite-driver.ts';

/** Opens the file (null: a database in memory) for sharing with other processes; a new file is created. */
export function sqliteDialect(path: string | null, scope: TransactionScope): Dialect {
  const database = path === null ? new SQLite(':memory:') : openFile(path);
  addRegexp(database);
  return new SqliteDialect(new SqliteDriver(database, scope));
}

function openFile(path: string): SQLite.Database {
  createParent(path);
  try {
    const database = new SQLite(path, { timeout: BUSY_TIMEOUT_MS });
    // Readers do not wait for the writer, nor it for them.
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
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
