import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { TransactionScope } from '../transaction-scope.ts';
import type { SqliteLane } from './sqlite-lane.ts';

/** Connections to one database, by what they are for. */
export interface SqliteLanes {
  writer: SqliteLane;
  /** For single reads, which never wait for each other, as each is over when it returns. Absent: the writer. */
  reader?: SqliteLane;
  /** For transactions that only read. Absent: the writer. */
  snapshots?: SqliteLane;
}

const READS = /^\s*(select|with)\b/i;

/**
 * One connection for everything that writes, with one user at a time, and others for what only reads, which see only
 * committed data and do not wait for transactions. Differs from Kysely's own driver in this, and in that a transaction
 * takes the write lock when it begins (a deferred one fails at its first write when another process wrote meanwhile),
 * that waiting for a lock does not block the event loop as SQLite's own busy handler would, and that booleans are
 * booleans.
 */
export class SqliteDriver implements Driver {
  readonly #lanes: SqliteLanes;
  readonly #scope: TransactionScope;

  constructor(lanes: SqliteLanes, scope: TransactionScope) {
    this.#lanes = lanes;
    this.#scope = scope;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteConnection> {
    this.#scope.assertOutside();
    return new SqliteConnection((connection, query) => this.#execute(connection, query));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    own(connection).release();
    // Schema changes become visible to others when the transaction ends.
    if (this.#lanes.writer.schemaChanged) this.#forgetStatements();
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const { writer, snapshots = writer } = this.#lanes;
    const onlyReads = settings.accessMode === 'read only';
    await own(connection).hold(onlyReads ? snapshots : writer);
    await connection.executeQuery(CompiledQuery.raw(onlyReads ? 'begin deferred' : 'begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // Some failures (disk full) have ended the transaction already.
    if (own(connection).inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    for (const lane of this.#all()) await lane.close();
  }

  async #execute<R>(connection: SqliteConnection, query: CompiledQuery): Promise<QueryResult<R>> {
    if (connection.lane !== undefined) return connection.lane.execute(query);
    const { writer, reader } = this.#lanes;
    if (reader !== undefined && isRead(writer, query)) return reader.execute(query, writer);
    const release = await writer.acquire();
    try {
      return await writer.execute(query);
    } finally {
      release();
    }
  }

  /** Statements may return other columns now. */
  #forgetStatements(): void {
    this.#lanes.writer.schemaChanged = false;
    for (const { statements } of this.#all()) statements.clear();
  }

  #all(): SqliteLane[] {
    const { writer, reader, snapshots } = this.#lanes;
    return [reader, snapshots, writer].filter((lane) => lane !== undefined);
  }
}

type Execute = <R>(connection: SqliteConnection, query: CompiledQuery) => Promise<QueryResult<R>>;

/** One user's handle: on its transaction's lane, or on whichever lane fits each statement. */
class SqliteConnection implements DatabaseConnection {
  readonly #execute: Execute;
  #lane: SqliteLane | undefined;
  #release: (() => void) | undefined;

  constructor(execute: Execute) {
    this.#execute = execute;
  }

  /** The lane of its transaction. */
  get lane(): SqliteLane | undefined {
    return this.#lane;
  }

  get inTransaction(): boolean {
    return this.#lane?.inTransaction ?? false;
  }

  async hold(lane: SqliteLane): Promise<void> {
    this.#release = await lane.acquire();
    this.#lane = lane;
  }

  release(): void {
    this.#lane = undefined;
    this.#release?.();
    this.#release = undefined;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#execute(this, query);
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator, and there is nothing to yield.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streaming is not supported');
  }
}

function own(connection: DatabaseConnection): SqliteConnection {
  if (connection instanceof SqliteConnection) return connection;
  throw new TypeError('The connection is not of this driver');
}

/** A statement that begins like a read may still write. */
function isRead({ statements }: SqliteLane, { sql }: CompiledQuery): boolean {
  return READS.test(sql) && statements.get(sql).statement.readonly;
}
