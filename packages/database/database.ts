import { Kysely, type Dialect as KyselyDialect } from 'kysely';
import { askPostgres, DatabaseClock, setClock } from './clock.ts';
import { type Dialect, parseConnectionUrl } from './connection-url.ts';
import { backoff } from './drivers/backoff.ts';
import { isTransient } from './drivers/driver-errors.ts';
import { postgresDialect } from './drivers/postgres-dialect.ts';
import { sqliteDialect } from './drivers/sqlite-dialect.ts';
import { type Logger, silentLogger } from './logger.ts';
import type { Schema } from './schema.ts';
import { TransactionScope } from './transaction-scope.ts';
import { noTurns, type Turns } from './turns.ts';

/** What queries run on: `database.kysely`, or the handle of a transaction. */
export type Queryable = Kysely<Schema>;

export interface DatabaseOptions {
  /** Connections to PostgreSQL at most; SQLite always has one. Default 10. */
  maxPoolSize?: number;
  logger?: Logger;
  /** Gives timers and sockets their turn between SQLite's statements. Default: nobody does. */
  turns?: Turns;
}

const TRANSACTION_ATTEMPTS = 10;

/** An open database. Statements outside a transaction are each their own. */
export class Database {
  readonly kysely: Kysely<Schema>;
  readonly dialect: Dialect;
  readonly clock: DatabaseClock;
  readonly #scope: TransactionScope;
  #closed: Promise<void> | null = null;

  constructor(dialect: Dialect, driver: KyselyDialect, scope: TransactionScope) {
    this.kysely = new Kysely<Schema>({ dialect: driver });
    this.dialect = dialect;
    this.clock =
      dialect === 'sqlite' ? new DatabaseClock() : new DatabaseClock(() => askPostgres(this.kysely));
    setClock(this.kysely, this.clock);
    this.#scope = scope;
  }

  /**
   * Runs `work` in a transaction: what it throws rolls back, and is thrown. On SQLite the transaction holds the write
   * lock from its start; on PostgreSQL it reads what is committed. A deadlock or serialization failure runs `work`
   * again, so it must have no effect outside the database. Inside, only the given handle may be used.
   */
  async transaction<T>(work: (trx: Queryable) => Promise<T>): Promise<T> {
    this.#scope.assertOutside();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.kysely.transaction().execute((trx) => this.#within(trx, work));
      } catch (error) {
        if (attempt === TRANSACTION_ATTEMPTS || !isTransient(error)) throw error;
      }
      await backoff(attempt, 100);
    }
  }

  /** Runs `work`, which only reads, on one state of the database: no other's commit shows between its queries. */
  async snapshot<T>(work: (trx: Queryable) => Promise<T>): Promise<T> {
    this.#scope.assertOutside();
    const transaction = this.kysely.transaction().setAccessMode('read only');
    const settings =
      this.dialect === 'sqlite' ? transaction : transaction.setIsolationLevel('repeatable read');
    return settings.execute((trx) => this.#within(trx, work));
  }

  #within<T>(trx: Queryable, work: (trx: Queryable) => Promise<T>): Promise<T> {
    setClock(trx, this.clock);
    return this.#scope.run(() => work(trx));
  }

  /** Waits for what runs and closes all connections. Idempotent. */
  async close(): Promise<void> {
    this.#closed ??= this.kysely.destroy();
    return this.#closed;
  }
}

/**
 * Opens `sqlite://` (in memory), `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://…`. PostgreSQL
 * is first connected to by the first query.
 * @throws DatabaseUrlError when the text names no database, or its file cannot be opened
 */
export async function openDatabase(connection: string, options: DatabaseOptions = {}): Promise<Database> {
  const parsed = parseConnectionUrl(connection);
  const scope = new TransactionScope();
  const { maxPoolSize = 10, logger = silentLogger, turns = noTurns } = options;
  const driver =
    parsed.dialect === 'sqlite'
      ? sqliteDialect({ path: parsed.path, scope, turns })
      : postgresDialect({ url: parsed.url, maxPoolSize, logger });
  return new Database(parsed.dialect, driver, scope);
}
