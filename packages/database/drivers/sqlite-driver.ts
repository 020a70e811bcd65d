import type SQLite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { TransactionScope } from '../transaction-scope.ts';
import { backoff } from './backoff.ts';
import { isSqliteBusy } from './driver-errors.ts';
import { StatementCache } from './statement-cache.ts';

/** How long a statement waits for another connection's lock before it fails with SQLITE_BUSY. */
export const BUSY_TIMEOUT_MS = 5000;

/**
 * One connection, one user at a time. Differs from Kysely's own driver in three things: a transaction takes the write
 * lock when it begins (a deferred one fails at its first write when another process wrote meanwhile), waiting for a
 * lock does not block the event loop as SQLite's own busy handler would, and booleans are booleans.
 */
export class SqliteDriver implements Driver {
  readonly #database: SQLite.Database;
  readonly #connection: SqliteConnection;
  readonly #scope: TransactionScope;
  /** Settles when the last one in the queue is done with the connection. */
  #queue: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(database: SQLite.Database, scope: TransactionScope) {
    this.#database = database;
    this.#connection = new SqliteConnection(database);
    this.#scope = scope;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#scope.assertOutside();
    const before = this.#queue;
    let done = () => {};
    this.#queue = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    this.#release = done;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const begin = settings.accessMode === 'read only' ? 'begin deferred' : 'begin immediate';
    await connection.executeQuery(CompiledQuery.raw(begin));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // Some failures (disk full) have ended the transaction already.
    if (this.#database.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    await this.#queue;
    this.#database.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #statements: StatementCache;

  constructor(database: SQLite.Database) {
    this.#statements = new StatementCache(database);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#run<R>(query);
      } catch (error) {
        if (!isSqliteBusy(error) || performance.now() > deadline) throw error;
      }
      await backoff(attempt, 20);
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator, and there is nothing to yield.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streaming is not supported');
  }

  #run<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    const { statement, booleans } = this.#statements.get(sql);
    const bound = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
    if (!statement.reader) return { rows: [], numAffectedRows: BigInt(statement.run(bound).changes) };
    const rows = statement.all(bound);
    if (booleans.length > 0) for (const row of rows) readBooleans(row, booleans);
    return { rows: rows as R[], numAffectedRows: undefined };
  }
}

function readBooleans(row: Record<string, unknown>, columns: readonly string[]): void {
  for (const name of columns) {
    if (row[name] !== null) row[name] = row[name] === 1;
  }
}
