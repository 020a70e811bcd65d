/** One step of the schema. Released ones are never edited: what they did wrong, a later one puts right. */
export interface Migration {
  /** Consecutive from 1. */
  version: number;
  name: string;
  /** The SQL statements, which run in order in the transaction that also records the migration. */
  up(dialect: MigrationDialect): string[];
}

/** Where the dialects differ. Both take `boolean`, `double precision`, `bigint` and indexes with a `where`. */
export interface MigrationDialect {
  /** Type of a primary key that the database numbers. */
  id: string;
  /** What makes `create table …` a table with the columns of this one, in their order, and no rows. */
  emptyCopyOf(table: string): string;
}

/** Column definitions that tables share. */
export const times = 'created_at text not null, updated_at text';
export const softDelete = `${times}, deleted_at text, deleted boolean not null default false`;
