import type { Database, Queryable } from './database.ts';

/** What a store works on: the database, or the handle of a transaction it is to be part of. */
export type Connection = Database | Queryable;

export function queryableOf(connection: Connection): Queryable {
  return 'kysely' in connection ? connection.kysely : connection;
}
