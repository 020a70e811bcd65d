import { Kysely, type Dialect as KyselyDialect, type LogEvent } from 'kysely';
import { askPostgres, DatabaseClock, setClock } from './clock.ts';
import { type Dialect, parseConnectionUrl } from './connection-url.ts';
import { repeatOnConflict } from './drivers/conflicts.ts';
import { PostgresDialect } from './drivers/postgres-dialect.ts';
import type { PoolOptions } from './drivers/postgres-pool.ts';
import { postgresTarget } from './drivers/postgres-target.ts';
import { openSqlite } from './drivers/sqlite-dialect.ts';
import { type Logger, silentLogger } from './logger.ts';
import { type RepeatOptions, Repeats } from './repeats.ts';
import { TransactionScope } from './transaction-scope.ts';
import { noTurns, type Turns } from './turns.ts';

/** What queries on tables `S` run on: `database.kysely`, or the handle of a transaction. */
export type Queryable<S> = Kysely<S>;

/** Times are in seconds. Options of PostgreSQL have no effect on SQLite, and vice versa. */
export interface DatabaseOptions {
  /** Connections to PostgreSQL that are kept; SQLite always has its own. Default 10. */
  maxPoolSize?: number;
  /** Further connections while all are in use. Default 0. */
  maxOverflow?: number;
  /** How long a statement waits for a connection. Default 30. */
  poolTimeout?: number;
  /** How long connecting may take; 0: any time. Default 5. */
  connectTimeout?: number;
  /** How long a statement may take; 0: any time. Default 30. */
  statementTimeout?: number;
  /** Age at which a connection is replaced; -1: never. Default 3600. */
  connectionRecycleTime?: number;
  /** How requests are repeated while the database is away. */
  repeats?: RepeatOptions;
  /** Whether SQLite waits for the disk. Default true. */
  sqliteSynchronous?: boolean;
  /** Called for each statement that was run, with the milliseconds it took. */
  onQuery?: (sql: string, milliseconds: number) => void;
  logger?: Logger;
  /**
   * Gives timers and sockets their turn between SQLite's statements and between PostgreSQL's answers. Default: nobody
   * does.
   */
  turns?: Turns;
}

export interface TransactionOptions<S, T = unknown> {
  /**
   * What to do when a commit was sent, its answer was lost, and its outcome cannot be found out:
   *
   * - `fail`, the default: the transaction fails with DatabaseUnavailable, whose outcome is `unknown`
   * - `repeat`: it is run again. The second run must change nothing
   * - a function that gets the transaction's result and looks for what it would have stored: it is run again unless
   * that exists
   */
  lostCommit?: 'fail' | 'repeat' | ((db: Queryable<S>, result: T) => Promise<boolean>);
}

/**
 * An open database with the tables `S`. Each statement outside a transaction is a transaction of its own. While the
 * database is away, it is waited for: see `Repeats`.
 */
export class Database<S> {
  readonly kysely: Kysely<S>;
  readonly dialect: Dialect;
  readonly clock: DatabaseClock;
  readonly #scope: TransactionScope;
  readonly #repeats: Repeats;
  #closed: Promise<void> | null = null;

  constructor(parts: DatabaseParts) {
    const { dialect, driver, scope, repeats, onQuery } = parts;
    this.kysely = new Kysely<S>({ dialect: driver, ...(onQuery && { log: queryLog(onQuery) }) });
    this.dialect = dialect;
    const ask = dialect === 'sqlite' ? undefined : () => askPostgres(this.kysely);
    this.clock = new DatabaseClock(ask, () => repeats.lastOutage);
    setClock(this.kysely, this.clock);
    this.#scope = scope;
    this.#repeats = repeats;
  }

  /**
   * Runs `work` in a transaction; an error rolls back and is rethrown. On SQLite the transaction holds the write
   * lock from its start; on PostgreSQL it reads what is committed. A deadlock, a serialization failure or a database that is
   * away runs `work` again, so it must have no effect outside the database. Inside, only the given handle may be used.
   *
   * @throws DatabaseUnavailable when the database is away for too long
   */
  async transaction<T>(
    work: (trx: Queryable<S>) => Promise<T>,
    { lostCommit = 'fail' }: TransactionOptions<S, T> = {},
  ): Promise<T> {
    this.#scope.assertOutside();
    let last: { result: T } | undefined;
    const attempt = async () => {
      if (last && typeof lostCommit === 'function' && (await lostCommit(this.kysely, last.result))) {
        return last.result;
      }
      const run = async (trx: Queryable<S>) => {
        last = { result: await work(trx) };
        return last.result;
      };
      return repeatOnConflict(() => this.kysely.transaction().execute((trx) => this.#within(trx, run)));
    };
    return this.#repeats.run(attempt, ({ outcome }) => outcome === 'undone' || lostCommit !== 'fail');
  }

  /**
   * By performance.now(): when the database answered again after the last noticed outage of some seconds; -Infinity if
   * there was none.
   */
  get backSince(): number {
    return this.#repeats.lastOutage?.until ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Runs `work`, which only reads, on one state of the database: no other commit becomes visible between its queries.
   */
  async snapshot<T>(work: (trx: Queryable<S>) => Promise<T>): Promise<T> {
    this.#scope.assertOutside();
    const transaction = this.kysely.transaction().setAccessMode('read only');
    const settings =
      this.dialect === 'sqlite' ? transaction : transaction.setIsolationLevel('repeatable read');
    return this.#repeats.run(() => settings.execute((trx) => this.#within(trx, work)), isTrue);
  }

  #within<T>(trx: Queryable<S>, work: (trx: Queryable<S>) => Promise<T>): Promise<T> {
    setClock(trx, this.clock);
    return this.#scope.run(() => work(trx));
  }

  /** Waits for running work and closes all connections. Idempotent. */
  async close(): Promise<void> {
    this.#closed ??= this.kysely.destroy();
    return this.#closed;
  }

  /** `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface DatabaseParts {
  dialect: Dialect;
  driver: KyselyDialect;
  scope: TransactionScope;
  repeats: Repeats;
  onQuery?: DatabaseOptions['onQuery'];
}

function isTrue(): boolean {
  return true;
}

function queryLog(onQuery: NonNullable<DatabaseOptions['onQuery']>): (event: LogEvent) => void {
  return ({ query, queryDurationMillis }) => onQuery(query.sql, queryDurationMillis);
}

/**
 * Opens `sqlite://` (in memory), `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://…`. PostgreSQL
 * is connected to by the first query.
 * @throws DatabaseUrlError when the text names no database, or its file cannot be opened; DatabaseUnavailable
 */
export async function openDatabase<S>(
  connection: string,
  options: DatabaseOptions = {},
): Promise<Database<S>> {
  const parsed = parseConnectionUrl(connection);
  const scope = new TransactionScope();
  const { logger = silentLogger, onQuery, sqliteSynchronous = true, turns = noTurns } = options;
  const repeats = new Repeats(options.repeats ?? {}, logger);
  const driver =
    parsed.dialect === 'sqlite'
      ? await openSqlite({ path: parsed.path, scope, turns, synchronous: sqliteSynchronous })
      : new PostgresDialect(poolOptions(parsed.url, options, logger), repeats, turns);
  return new Database<S>({ dialect: parsed.dialect, driver, scope, repeats, onQuery });
}

function poolOptions(url: string, options: DatabaseOptions, logger: Logger): PoolOptions {
  const target = postgresTarget(url);
  const {
    connectTimeout = 5,
    statementTimeout = 30,
    poolTimeout = 30,
    connectionRecycleTime = 3600,
  } = options;
  return {
    target,
    size: options.maxPoolSize ?? 10,
    overflow: options.maxOverflow ?? 0,
    waitTimeout: poolTimeout * 1000,
    connectTimeout: (target.connectTimeout ?? connectTimeout) * 1000,
    statementTimeout: statementTimeout * 1000,
    recycleAge: connectionRecycleTime < 0 ? Number.POSITIVE_INFINITY : connectionRecycleTime * 1000,
    logger,
  };
}
