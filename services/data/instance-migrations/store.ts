import { randomUUID } from 'node:crypto';
import { databaseTimestamp } from '@mini-nova/database';
import { MigrationNotFound } from '@mini-nova/domain/exceptions';
import { Migration, MigrationList } from '@mini-nova/objects';
import { type Connection, queryableOf } from '../connection.ts';
import type { Queryable } from '../database.ts';
import { RowCodec, setByStore } from '../row-codec.ts';
import {
  findMigration,
  insertMigration,
  listMigrations,
  type MigrationFilters,
  updateMigration,
} from './queries.ts';
import type { MigrationRow } from './table.ts';

const codec = new RowCodec<Migration, MigrationRow>({
  type: Migration,
  columns: Object.keys(Migration.fields) as (keyof MigrationRow)[],
});

/** The moves of instances in the database. */
export class MigrationStore {
  readonly #db: Queryable;

  constructor(connection: Connection) {
    this.#db = queryableOf(connection);
  }

  /** @throws MigrationNotFound for a deleted one too */
  async get(key: { id: number } | { uuid: string }): Promise<Migration> {
    const row = await findMigration(this.#db, key);
    return codec.toObject(found(row, 'id' in key ? key.id : key.uuid));
  }

  /** Newest first; living ones unless `deleted` says otherwise. */
  async list(filters: MigrationFilters = {}): Promise<MigrationList> {
    const rows = await listMigrations(this.#db, filters);
    return MigrationList.hydrate({ objects: rows.map((row) => codec.toObject(row)) });
  }

  /** Stores a new migration; it gets its id and times, and a uuid when it has none. */
  async create(migration: Migration): Promise<void> {
    const { id: _assigned, ...values } = codec.toRow(migration);
    const { uuid = randomUUID() } = migration.values();
    const row = await insertMigration(this.#db, {
      ...values,
      uuid,
      migration_type: migration.migration_type,
      created_at: databaseTimestamp(this.#db),
      updated_at: null,
    });
    codec.adopt(migration, row);
  }

  /** Stores the changed fields. @throws MigrationNotFound */
  async save(migration: Migration): Promise<string[]> {
    const changed = migration.changes().filter((field) => codec.stores(field) && !setByStore.includes(field));
    if (changed.length === 0) return [];
    const changes = { ...codec.toRow(migration, changed), updated_at: databaseTimestamp(this.#db) };
    const row = found(await updateMigration(this.#db, migration.id, changes), migration.id);
    return [...new Set([...changed, ...codec.refresh(migration, row, setByStore)])].sort();
  }
}

function found(row: MigrationRow | undefined, id: number | string): MigrationRow {
  if (row === undefined) throw new MigrationNotFound({ migration_id: String(id) });
  return row;
}
