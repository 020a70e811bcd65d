import type SQLite from 'better-sqlite3';

type Row = Record<string, unknown>;
type Statement = SQLite.Statement<unknown[], Row>;

/** A prepared statement, and which columns of its rows are booleans: SQLite has numbers there. */
export interface PreparedStatement {
  readonly statement: Statement;
  readonly booleans: readonly string[];
  /** What other statements return may be something else afterwards. */
  readonly changesSchema: boolean;
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
