export { clockOf, DatabaseClock, databaseNow, databaseTimestamp, isWithin } from './clock.ts';
export { type ConnectionUrl, type Dialect, parseConnectionUrl } from './connection-url.ts';
export {
  Database,
  type DatabaseOptions,
  openDatabase,
  type Queryable,
  type TransactionOptions,
} from './database.ts';
export { isUniqueViolation } from './drivers/driver-errors.ts';
export {
  DatabaseError,
  DatabaseRefused,
  DatabaseUnavailable,
  type DatabaseUnavailableOptions,
  DatabaseUrlError,
  InvalidPattern,
  NestedTransaction,
  type Outcome,
  SchemaOutOfDate,
} from './errors.ts';
export { idempotent } from './idempotent.ts';
export type { Logger } from './logger.ts';
export { assertMigrated, migrate, type SchemaVersion, schemaVersion } from './migrate.ts';
export { type Migration, type MigrationDialect, softDelete, times } from './migration.ts';
export { patienceLeft, withNewPatience, withPatience } from './patience.ts';
export { Pattern } from './pattern/pattern.ts';
export { anyOf, matches } from './queries/conditions.ts';
export { onlyRow, preparedQuery } from './queries/prepared-query.ts';
export { locksRows } from './queries/row-locks.ts';
export { comesAfter, orderOf, type SortKey } from './queries/sorting.ts';
export type { RepeatOptions } from './repeats.ts';
export type { Timestamp } from './timestamp.ts';
export type { Turns } from './turns.ts';
