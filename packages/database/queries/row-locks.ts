import { PostgresAdapter, type QueryExecutorProvider } from 'kysely';

/**
 * Whether a query must lock the rows that its transaction relies on (`for update`). SQLite has no such clause: there a
 * transaction holds the database's only write lock from its start.
 */
export function locksRows(trx: QueryExecutorProvider): boolean {
  return trx.getExecutor().adapter instanceof PostgresAdapter;
}
