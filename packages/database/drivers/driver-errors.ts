const uniqueViolations = new Set(['23505', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);

/** PostgreSQL: serialization failure and deadlock. The transaction was rolled back and may run again. */
const conflicts = new Set(['40001', '40P01']);

/** A row with this unique key already exists. */
export function isUniqueViolation(error: unknown): boolean {
  return uniqueViolations.has(codeOf(error));
}

/** Another transaction was in the way. */
export function isConflict(error: unknown): boolean {
  return conflicts.has(codeOf(error));
}

/** Another connection holds SQLite's lock. */
export function isSqliteBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

/** The error code of PostgreSQL, SQLite or the system; empty if there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
