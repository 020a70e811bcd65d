import type SQLite from 'better-sqlite3';
import type { CompiledQuery, QueryResult } from 'kysely';
import { DatabaseUnavailable } from '../errors.ts';
import { boundedByPatience, patienceLeft } from '../patience.ts';
import type { Turns } from '../turns.ts';
import { backoff } from './backoff.ts';
import { isSqliteBusy } from './driver-errors.ts';
import { explained } from './outages.ts';
import { StatementCache } from './statement-cache.ts';

/** Milliseconds for which a statement waits for another connection's lock before it fails with DatabaseUnavailable. */
export const BUSY_TIMEOUT_MS = 5000;
/** Milliseconds: a lock that is held for longer does not belong to a normal transaction. */
const BLOCKED_MS = 200;

/** One connection to SQLite, and those who wait for it. */
export class SqliteLane {
  readonly statements: StatementCache;
  /** Whether a statement has changed the schema, since it was last set to false. */
  schemaChanged = false;
  readonly #database: SQLite.Database;
  readonly #turns: Turns;
  /** Settles when the last user in the queue is done with the connection. */
  #queue: Promise<void> = Promise.resolve();
  /** The users who have the connection or wait for it. */
  #users = 0;
  /** Statements that run or wait for their turn. Those that only read do not queue up. */
  #running = 0;
  #onIdle: () => void = () => {};
  /** By performance.now(): since when a statement waits for another process's lock. */
  #blockedSince: number | undefined;

  constructor(database: SQLite.Database, turns: Turns) {
    this.statements = new StatementCache(database);
    this.#database = database;
    this.#turns = turns;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** Whether nobody has the connection or waits for it. */
  get isFree(): boolean {
    return this.#users === 0;
  }

  /** Resolves when the users before are done with the connection, with a function that passes it on to the next. */
  async acquire(): Promise<() => void> {
    const before = this.#queue;
    let pass = () => {};
    this.#queue = new Promise((resolve) => {
      pass = resolve;
    });
    this.#users += 1;
    const done = () => {
      this.#users -= 1;
      pass();
    };
    await this.#turn(before, done);
    return done;
  }

  /** A read's result, if it is available at once. */
  #read<R>(query: CompiledQuery): QueryResult<R> | undefined {
    try {
      return this.#run<R>(query);
    } catch (error) {
      if (isSqliteBusy(error)) return undefined;
      throw explained(error);
    }
  }

  /**
   * While the queue moves, it is waited in, however long.
   *
   * @throws DatabaseUnavailable when the patience is over while the first in the queue waits for another process's lock;
   *     then `pass` is called once that one is done
   */
  async #turn(before: Promise<void>, pass: () => void): Promise<void> {
    if (patienceLeft() === Number.POSITIVE_INFINITY) return before;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setInterval(() => {
        if (patienceLeft() <= 0 && this.#isBlocked)
          reject(new DatabaseUnavailable('another process holds the lock'));
      }, BLOCKED_MS);
    });
    try {
      await Promise.race([before, late]);
    } catch (error) {
      void before.then(pass);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  /**
   * @param other a lane of the same database, used instead if it is free, for reads only: each commit by another
   * connection empties a connection's cache, and the writer makes all commits
   */
  async execute<R>(query: CompiledQuery, other?: SqliteLane): Promise<QueryResult<R>> {
    this.#running += 1;
    try {
      return await this.#execute<R>(query, other);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle();
    }
  }

  async #execute<R>(query: CompiledQuery, other?: SqliteLane): Promise<QueryResult<R>> {
    const pause = this.#turns.pause();
    if (pause !== undefined) await pause;
    const result = other?.isFree ? other.#read<R>(query) : undefined;
    if (result !== undefined) return result;
    try {
      return this.#run<R>(query);
    } catch (error) {
      if (!isSqliteBusy(error)) throw explained(error);
    }
    this.#blockedSince = performance.now();
    try {
      return await this.#executeWhenFree<R>(query);
    } finally {
      this.#blockedSince = undefined;
    }
  }

  /** Resolves when all waiting users and all statements are done. */
  async close(): Promise<void> {
    await this.#queue;
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#database.close();
  }

  get #isBlocked(): boolean {
    return this.#blockedSince !== undefined && performance.now() - this.#blockedSince > BLOCKED_MS;
  }

  async #executeWhenFree<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const deadline = performance.now() + boundedByPatience(BUSY_TIMEOUT_MS);
    for (let attempt = 1; ; attempt++) {
      await backoff(attempt, 20);
      try {
        return this.#run<R>(query);
      } catch (error) {
        if (!isSqliteBusy(error) || performance.now() > deadline) throw explained(error);
      }
    }
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
