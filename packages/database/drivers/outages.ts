import { DatabaseRefused, DatabaseUnavailable, type Outcome } from '../errors.ts';
import { codeOf } from './driver-errors.ts';

/** Whole SQLSTATEs of PostgreSQL, and the outcome of the request. */
const outageCodes: Readonly<Record<string, Outcome>> = {
  // idle_in_transaction_session_timeout: the transaction was aborted
  '25P03': 'undone',
  // idle_session_timeout
  '57P05': 'undone',
  // transaction_timeout
  '25P04': 'undone',
  // read-only transaction: the former primary is now a standby
  '25006': 'undone',
  // too many connections, of the server, the database or the role
  '53300': 'undone',
  // out of memory, disk full, a limit of the configuration: rolled back
  '53000': 'undone',
  '53100': 'undone',
  '53200': 'undone',
  '53400': 'undone',
  // lock_timeout
  '55P03': 'undone',
  // statement_timeout, or an administrator's cancel: rolled back
  '57014': 'undone',
  // admin shutdown (also pg_terminate_backend), crash shutdown: perhaps after the commit
  '57P01': 'unknown',
  '57P02': 'unknown',
  // cannot connect now: starting, or stopping
  '57P03': 'undone',
  // the database was dropped under the connection
  '57P04': 'unknown',
  // I/O error of the server
  '58030': 'unknown',
  // connection exceptions
  '08000': 'unknown',
  '08001': 'undone',
  '08003': 'unknown',
  '08004': 'undone',
  '08006': 'unknown',
  '08P01': 'unknown',
};

/** SQLSTATEs for which waiting does not help: an unknown role, a wrong password, no such database. */
const refusals = new Set(['28000', '28P01', '3D000']);

/** The system's errors on the way to the server, before there is a connection. */
const unreachable = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  // The server creates the folder of a Unix socket.
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
]);

/** The system's errors on an established connection. */
const broken = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'ENOTCONN',
  'ERR_STREAM_DESTROYED',
]);

/** node-postgres's own errors, which have no code. */
const brokenMessages = /^(Connection terminated|Query read timeout)/;
/** Its errors for a statement that it did not send. */
const unsentMessages =
  /^(timeout exceeded when trying to connect|timeout expired|Connection terminated due to connection timeout|Client has encountered a connection error|Client was closed)/;

/**
 * SQLite's errors: another connection holds the lock, the disk is full, the file or its medium refuses. All roll back.
 */
const sqliteOutage = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|PROTOCOL|NOMEM)/;

/**
 * The error as `DatabaseUnavailable` if it means that the database is away; undefined for any other, such as a wrong
 * statement or configuration.
 */
export function outageOf(error: unknown): DatabaseUnavailable | undefined {
  if (error instanceof DatabaseUnavailable) return error;
  if (!(error instanceof Error)) return undefined;
  if (refusals.has(codeOf(error))) return new DatabaseRefused(error.message, { cause: error });
  const outcome = outcomeOf(error);
  return outcome && new DatabaseUnavailable(reasonOf(error), { outcome, cause: error });
}

/** The error as `DatabaseUnavailable` if it is an outage; otherwise the error itself. */
export function explained(error: unknown): unknown {
  return outageOf(error) ?? error;
}

/** Explained, for a request that left no trace whatever the error. */
export function undone(thrown: unknown): unknown {
  const error = explained(thrown);
  if (!(error instanceof DatabaseUnavailable) || error.outcome === 'undone') return error;
  return new DatabaseUnavailable(error.reason, { outcome: 'undone', cause: error.cause ?? error });
}

function outcomeOf(error: Error): Outcome | undefined {
  // A host name with several addresses fails with an error for each.
  if (error instanceof AggregateError) {
    return error.errors.every((each) => each instanceof Error && outcomeOf(each)) ? 'undone' : undefined;
  }
  const code = codeOf(error);
  const known = outageCodes[code];
  if (known) return known;
  if (unreachable.has(code) || sqliteOutage.test(code)) return 'undone';
  if (broken.has(code)) return 'unknown';
  if (code !== '') return undefined;
  if (unsentMessages.test(error.message)) return 'undone';
  return brokenMessages.test(error.message) ? 'unknown' : undefined;
}

function reasonOf(error: Error): string {
  if (error instanceof AggregateError) {
    return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
  }
  return error.message;
}
