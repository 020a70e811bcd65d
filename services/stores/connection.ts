import { Database, type Queryable } from '@mini-nova/database';

/** What a store works on: the database, or the handle of a transaction it is to be part of. */
export type Connection = Database | Queryable;

export function queryableOf(connection: Connection): Queryable {
  return connection instanceof Database ? connection.kysely : connection;
}
