import type SQLite from 'better-sqlite3';

type Row = Record<string, unknown>;
type Statement = SQLite.Statement<unknown[], Row>;

/** A prepared statement, and which columns of its rows are booleans, for which SQLite has numbers. */
export interface PreparedStatement {
  readonly statement: Statement;
  readonly booleans: readonly string[];
  /** Other statements may return other columns afterwards. */
  readonly changesSchema: boolean;
}

/** Statements whose text is not repeated, such as those with long lists of values, must not displace those that are. */
const MAX_STATEMENTS = 500;
const CHANGES_SCHEMA = /^\s*(create|alter|drop)\b/i;

/** A connection's prepared statements, by text; when there are too many, those used last are kept. */
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
    const prepared = this.#prepare(sql);
    this.#keep(sql, prepared);
    return prepared;
  }

  clear(): void {
    this.#statements.clear();
  }

  #prepare(sql: string): PreparedStatement {
    const statement: Statement = this.#database.prepare(sql);
    const columns = statement.reader ? statement.columns() : [];
    const booleans = columns.filter(isBoolean).map(({ name }) => name);
    return { statement, booleans, changesSchema: CHANGES_SCHEMA.test(sql) };
  }

  /** Marks it as the one used last. */
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
