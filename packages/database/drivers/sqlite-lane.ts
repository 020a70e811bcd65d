import type SQLite from 'better-sqlite3';
import type { CompiledQuery, QueryResult } from 'kysely';
import type { Turns } from '../turns.ts';
import { backoff } from './backoff.ts';
import { isSqliteBusy } from './driver-errors.ts';
import { StatementCache } from './statement-cache.ts';

/** How long a statement waits for another connection's lock before it fails with SQLITE_BUSY. */
export const BUSY_TIMEOUT_MS = 5000;

/** One connection to SQLite, and those who wait for it. */
export class SqliteLane {
  readonly statements: StatementCache;
  /** Whether a statement has changed the schema, since it was last set to false. */
  schemaChanged = false;
  readonly #database: SQLite.Database;
  readonly #turns: Turns;
  /** Settles when the last one in the queue is done with the connection. */
  #queue: Promise<void> = Promise.resolve();

  constructor(database: SQLite.Database, turns: Turns) {
    this.statements = new StatementCache(database);
    this.#database = database;
    this.#turns = turns;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** The connection, when those before are done with it. Returns what gives it to the next. */
  async acquire(): Promise<() => void> {
    const before = this.#queue;
    let done = () => {};
    this.#queue = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }

  async execute<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (let attempt = 1; ; attempt++) {
      const pause = this.#turns.pause();
      if (pause !== undefined) await pause;
      try {
        return this.#run<R>(query);
      } catch (error) {
        if (!isSqliteBusy(error) || performance.now() > deadline) throw error;
      }
      await backoff(attempt, 20);
    }
  }

  /** When all who wait are done. */
  async close(): Promise<void> {
    await this.#queue;
    this.#database.close();
  }

  #run<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    const { statement, booleans, changesSchema } = this.statements.get(sql);
    if (changesSchema) this.schemaChanged = true;
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
