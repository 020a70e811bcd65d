/** A failure of the data layer, distinguished by `code`. Errors of the drivers pass through unchanged. */
export abstract class DatabaseError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The connection text names no database that can be opened. The message holds no password. */
export class DatabaseUrlError extends DatabaseError {
  readonly code = 'DATABASE_URL';
}

/**
 * What is known about a request that got no answer:
 *
 * - `undone`: it left no trace and may be repeated
 * - `unknown`: it may have been done and only its answer lost; it may be repeated only if that does no harm
 */
export type Outcome = 'undone' | 'unknown';

export interface DatabaseUnavailableOptions extends ErrorOptions {
  /** Default `undone`. */
  outcome?: Outcome;
  /** Seconds. Default 2. */
  retryAfter?: number;
}

/**
 * The database is away, or refuses to work for a while: it is restarted, fails over, has no connection left, or gives
 * no answer. The message holds no password. The caller may wait and ask again.
 */
export class DatabaseUnavailable extends DatabaseError {
  readonly code: string = 'DATABASE_UNAVAILABLE';
  readonly reason: string;
  readonly outcome: Outcome;
  /** Seconds after which it is worth asking again. */
  readonly retryAfter: number;

  constructor(reason: string, options: DatabaseUnavailableOptions = {}, state = 'is away') {
    super(`The database ${state}: ${reason}`, options);
    const { outcome = 'undone', retryAfter = 2 } = options;
    this.reason = reason;
    this.outcome = outcome;
    this.retryAfter = retryAfter;
  }
}

/**
 * The database refuses us, or we refuse it: a wrong password, no such database, an untrusted certificate. Waiting does
 * not help; an operator must change something.
 */
export class DatabaseRefused extends DatabaseUnavailable {
  override readonly code = 'DATABASE_REFUSED';

  constructor(reason: string, options: DatabaseUnavailableOptions = {}) {
    super(reason, { retryAfter: 30, ...options }, 'cannot be used');
  }
}

/** The schema lacks migrations that this code needs. */
export class SchemaOutOfDate extends DatabaseError {
  readonly code = 'SCHEMA_OUT_OF_DATE';
  readonly current: number;
  readonly latest: number;

  constructor(current: number, latest: number) {
    super(
      `The database schema is at version ${current}, this program needs ${latest}: run nova-manage db sync`,
    );
    this.current = current;
    this.latest = latest;
  }
}

/** Inside one of its transactions, the database was used other than by the transaction's handle. */
export class NestedTransaction extends DatabaseError {
  readonly code = 'NESTED_TRANSACTION';

  constructor() {
    super('Inside a transaction only the handle given to its function may be used');
  }
}

/** A regular expression that cannot be parsed, uses something unsupported, or would take too much work. */
export class InvalidPattern extends DatabaseError {
  readonly code = 'INVALID_PATTERN';
  /** What is wrong: `a ( has no )`. */
  readonly reason: string;

  constructor(reason: string) {
    super(`Not a regular expression that can be searched for: ${reason}`);
    this.reason = reason;
  }
}
