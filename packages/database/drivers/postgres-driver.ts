import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely';
import { DatabaseUnavailable } from '../errors.ts';
import { isIdempotent } from '../idempotent.ts';
import type { Repeats } from '../repeats.ts';
import type { Turns } from '../turns.ts';
import { repeatOnConflict } from './conflicts.ts';
import { lostCommit } from './lost-commit.ts';
import { explained, undone } from './outages.ts';
import type { PostgresPool } from './postgres-pool.ts';
import type { PostgresSession } from './postgres-session.ts';

/**
 * Differs from Kysely's own driver when the server is away: a statement outside a transaction is repeated over another
 * connection, a broken or silent connection is not used again, and the outcome of a commit whose answer was lost is
 * looked up.
 */
export class PostgresDriver implements Driver {
  readonly #pool: PostgresPool;
  readonly #repeats: Repeats;
  readonly #turns: Turns;

  constructor(pool: PostgresPool, repeats: Repeats, turns: Turns) {
    this.#pool = pool;
    this.#repeats = repeats;
    this.#turns = turns;
  }

  async init(): Promise<void> {}

  /** Takes no connection from the pool yet: each statement outside a transaction takes its own. */
  async acquireConnection(): Promise<DatabaseConnection> {
    return new PostgresConnection(this.#pool, this.#repeats, this.#turns);
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await ours(connection).begin(settings);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).commit();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await ours(connection).rollback();
  }

  async destroy(): Promise<void> {
    await this.#pool.close();
  }
}

function ours(connection: DatabaseConnection): PostgresConnection {
  if (connection instanceof PostgresConnection) return connection;
  throw new TypeError('The connection is not of this driver');
}

/** The connection of one statement or one transaction. */
class PostgresConnection implements DatabaseConnection {
  readonly #pool: PostgresPool;
  readonly #repeats: Repeats;
  readonly #turns: Turns;
  #transaction: { session: PostgresSession; id: string | undefined } | undefined;

  constructor(pool: PostgresPool, repeats: Repeats, turns: Turns) {
    this.#pool = pool;
    this.#repeats = repeats;
    this.#turns = turns;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.#execute<R>(query);
    // Answers that arrive together are processed in slices.
    const pause = this.#turns.pause();
    if (pause !== undefined) await pause;
    return result;
  }

  async #execute<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#transaction) return this.#inTransaction(this.#transaction.session, query);
    const mayRepeat = ({ outcome }: DatabaseUnavailable) => outcome === 'undone' || isIdempotent(query);
    return this.#repeats.run(() => repeatOnConflict(() => this.#alone<R>(query)), mayRepeat);
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator, and there is nothing to yield.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streaming is not supported');
  }

  async begin({ isolationLevel, accessMode }: TransactionSettings): Promise<void> {
    const session = await this.#pool.acquire();
    const isReader = accessMode === 'read only';
    const modes = [isolationLevel && `isolation level ${isolationLevel}`, accessMode].filter(Boolean);
    // A writer's transaction has an id from the start, by which its outcome can be asked for.
    const statement = `begin ${modes.join(' ')}${isReader ? '' : '; select txid_current()::text as id'}`;
    try {
      const { rows } = await session.query(statement);
      this.#transaction = { session, id: isReader ? undefined : rows[0]?.id };
    } catch (error) {
      session.destroy();
      this.#pool.release(session);
      throw undone(error);
    }
  }

  async commit(): Promise<void> {
    const { session, id } = this.#open;
    try {
      const { command } = await session.query('commit');
      if (command === 'ROLLBACK') throw new TypeError(CAUGHT);
    } catch (thrown) {
      this.#end();
      const error = explained(thrown);
      if (id === undefined || !(error instanceof DatabaseUnavailable) || error.outcome === 'undone')
        throw error;
      await lostCommit(this.#pool, { id, session, error });
      return;
    }
    this.#end();
  }

  async rollback(): Promise<void> {
    if (!this.#transaction) return;
    const { session } = this.#transaction;
    try {
      // A lost connection has taken its transaction with it.
      if (!session.isBroken) await session.query('rollback');
    } catch (error) {
      // The earlier error is the one that is thrown; the server rolls back when the connection ends.
      if (!(explained(error) instanceof DatabaseUnavailable)) throw error;
      session.destroy();
    } finally {
      this.#end();
    }
  }

  async #alone<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const session = await this.#pool.acquire();
    try {
      return await run<R>(session, query);
    } finally {
      this.#pool.release(session);
    }
  }

  /** Whatever became of a statement, without a commit it leaves nothing. */
  async #inTransaction<R>(session: PostgresSession, query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await run<R>(session, query);
    } catch (error) {
      throw undone(error);
    }
  }

  get #open(): { session: PostgresSession; id: string | undefined } {
    if (!this.#transaction) throw new TypeError('There is no transaction');
    return this.#transaction;
  }

  #end(): void {
    if (this.#transaction) this.#pool.release(this.#transaction.session);
    this.#transaction = undefined;
  }
}

/** PostgreSQL answers the commit of a transaction with a failed statement as if it were a rollback. */
const CAUGHT =
  'Nothing was committed: a statement of the transaction had failed, and its error was caught in it';

const changes = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

async function run<R>(session: PostgresSession, { sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
  const { command, rowCount, rows } = await session.query(sql, parameters);
  return { numAffectedRows: changes.has(command) ? BigInt(rowCount ?? 0) : undefined, rows: rows ?? [] };
}
