import type SQLite from 'better-sqlite3';

type Row = Record<string, unknown>;
type Statement = SQLite.Statement<unknown[], Row>;

/** A prepared statement, and which columns of its rows are booleans: SQLite has numbers there. */
export interface PreparedStatement {
  readonly statement: Statement;
  readonly booleans: readonly string[];
}

/** Statements of which the text is not repeated, such as long lists of values, must not keep out those which are. */
const MAX_STATEMENTS = 500;
const CHANGES_SCHEMA = /^\s*(create|alter|drop)\b/i;

/** The prepared statements of a connection by their text; of more than fit, those used last. */
export class StatementCache {
  readonly #database: SQLite.Database;
  readonly #limit: number;
  readonly #statements = new Map<string, PreparedStatement>();

  constructor(database: SQLite.Database, limit = MAX_STATEMENTS) {
    this.#database = database;
    this.#limit = limit;
  }

  /** @throws SqliteError for what is no statement */
  get(sql: string): PreparedStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      if (this.#statements.size >= this.#limit) this.#keep(sql, known);
      return known;
    }
    // What a statement returns may be something else afterwards.
    if (CHANGES_SCHEMA.test(sql)) this.#statements.clear();
    const prepared = this.#prepare(sql);
    this.#keep(sql, prepared);
    return prepared;
  }

  #prepare(sql: string): PreparedStatement {
    const statement: Statement = this.#database.prepare(sql);
    const columns = statement.reader ? statement.columns() : [];
    return { statement, booleans: columns.filter(isBoolean).map(({ name }) => name) };
  }

  /** As the one used last. */
  #keep(sql: string, prepared: PreparedStatement): void {
    this.#statements.delete(sql);
    this.#statements.set(sql, prepared);
    if (this.#statements.size <= this.#limit) return;
    const [oldest] = this.#statements.keys();
    if (oldest !== undefined) this.#statements.delete(oldest);
  }
}

function isBoolean({ type }: SQLite.ColumnDefinition): boolean {
  return type?.toLowerCase() === 'boolean';
}
