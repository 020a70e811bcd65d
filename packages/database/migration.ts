/** One step of the schema. Released ones are never edited: a later one corrects their mistakes. */
export interface Migration {
  /** Consecutive from 1. */
  version: number;
  name: string;
  /** The SQL statements, which run in order in the transaction that also records the migration. */
  up(dialect: MigrationDialect): string[];
}

/** The differences of the dialects. Both know `boolean`, `double precision`, `bigint` and indexes with a `where`. */
export interface MigrationDialect {
  /** Type of a primary key that the database assigns. */
  id: string;
  /** Completes `create table …` to a table with this one's columns, in their order, and no rows. */
  emptyCopyOf(table: string): string;
}

/** Column definitions that tables share. */
export const times = 'created_at text not null, updated_at text';
export const softDelete = `${times}, deleted_at text, deleted boolean not null default false`;
