import { randomUUID } from 'node:crypto';
import { anyOf, databaseTimestamp, idempotent, type Timestamp } from '@mini-nova/database';
import { MigrationNotFound } from '@mini-nova/domain/exceptions';
import { statusesOver } from '@mini-nova/domain/states/migration-status';
import { Migration, MigrationList } from '@mini-nova/objects';
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { Queryable, Schema } from '../database.ts';
import { RowCodec, setByStore } from '../row-codec.ts';
import type { MigrationChanges, MigrationRow, NewMigration } from './table.ts';

const codec = new RowCodec<Migration, MigrationRow>({
  type: Migration,
  columns: Object.keys(Migration.fields) as (keyof MigrationRow)[],
});

/** The migrations of instances in the database. */
export class MigrationStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** @throws MigrationNotFound, also for a deleted one */
  async get(key: { id: number } | { uuid: string }): Promise<Migration> {
    const row = await findMigration(this.#db, key);
    return codec.toObject(found(row, 'id' in key ? key.id : key.uuid));
  }

  /** Newest first; without deleted ones, unless `deleted` says otherwise. */
  async list(filters: MigrationFilters = {}): Promise<MigrationList> {
    const rows = await listMigrations(this.#db, filters);
    return MigrationList.hydrate({ objects: rows.map((row) => codec.toObject(row)) });
  }

  /** Stores a new migration; it gets its id and times, and a uuid if it has none. */
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

export interface MigrationFilters {
  uuids?: readonly string[];
  instanceUuids?: readonly string[];
  /** The source or the destination. */
  host?: string;
  /** A node of `host`, on the same side of the migration. */
  node?: string;
  sourceCompute?: string;
  statuses?: readonly string[];
  types?: readonly string[];
  hidden?: boolean;
  userId?: string;
  projectId?: string;
  /** Only those that are not over, whatever their status. */
  underWay?: boolean;
  /** Default false: without deleted ones. */
  deleted?: boolean | 'any';
  limit?: number;
}

/** A uuid that already exists is a unique violation. */
export async function insertMigration(db: Queryable, migration: NewMigration): Promise<MigrationRow> {
  return db.insertInto('migrations').values(migration).returningAll().executeTakeFirstOrThrow();
}

export async function findMigration(
  db: Queryable,
  key: { id: number } | { uuid: string },
): Promise<MigrationRow | undefined> {
  const living = db.selectFrom('migrations').selectAll().where('deleted', '=', false);
  const one = 'id' in key ? living.where('id', '=', key.id) : living.where('uuid', '=', key.uuid);
  return one.executeTakeFirst();
}

/** Newest first. */
export async function listMigrations(db: Queryable, filters: MigrationFilters = {}): Promise<MigrationRow[]> {
  const { uuids, instanceUuids, host, node, sourceCompute, statuses, types, hidden } = filters;
  const { userId, projectId, underWay, deleted = false, limit } = filters;
  let query = db.selectFrom('migrations').selectAll().orderBy('id', 'desc');
  if (uuids) query = query.where((eb) => anyOf(eb, 'uuid', uuids));
  if (instanceUuids) query = query.where((eb) => anyOf(eb, 'instance_uuid', instanceUuids));
  if (host !== undefined) query = query.where((eb) => involves(eb, host, node));
  if (sourceCompute !== undefined) query = query.where('source_compute', '=', sourceCompute);
  if (statuses) query = query.where((eb) => anyOf(eb, 'status', statuses));
  if (types) query = query.where((eb) => anyOf(eb, 'migration_type', types));
  if (hidden !== undefined) query = query.where('hidden', '=', hidden);
  if (userId !== undefined) query = query.where('user_id', '=', userId);
  if (projectId !== undefined) query = query.where('project_id', '=', projectId);
  if (underWay) query = query.where(isUnderWay);
  if (deleted !== 'any') query = query.where('deleted', '=', deleted);
  if (limit !== undefined) query = query.limit(limit);
  return query.execute();
}

/** The instances among these that a migration under way moves. */
export async function listMovingInstances(
  db: Queryable,
  instanceUuids: readonly string[],
): Promise<Set<string>> {
  if (instanceUuids.length === 0) return new Set();
  const migrations = await listMigrations(db, { instanceUuids, underWay: true });
  return new Set(migrations.flatMap(({ instance_uuid }) => instance_uuid ?? []));
}

/** Changes a migration that is not deleted. Undefined: there is none. */
export async function updateMigration(
  db: Queryable,
  id: number,
  changes: MigrationChanges,
): Promise<MigrationRow | undefined> {
  return idempotent(db)
    .updateTable('migrations')
    .set(changes)
    .where('id', '=', id)
    .where('deleted', '=', false)
    .returningAll()
    .executeTakeFirst();
}

/** Marks all migrations of the instance as deleted, including those under way: without their instance they are over. */
export async function softDeleteMigrations(
  db: Queryable,
  instanceUuid: string,
  at: Timestamp,
): Promise<void> {
  await idempotent(db)
    .updateTable('migrations')
    .set({ deleted: true, deleted_at: at })
    .where('instance_uuid', '=', instanceUuid)
    .where('deleted', '=', false)
    .execute();
}

type OnMigrations = ExpressionBuilder<Schema, 'migrations'>;

function involves(eb: OnMigrations, host: string, node: string | undefined): Expression<SqlBool> {
  return eb.or([
    eb.and([eb('source_compute', '=', host), ...(node === undefined ? [] : [eb('source_node', '=', node)])]),
    eb.and([eb('dest_compute', '=', host), ...(node === undefined ? [] : [eb('dest_node', '=', node)])]),
  ]);
}

/** Never null, so that it can be negated. */
const isUnderWay = sql<SqlBool>`(migrations.deleted = false
  and coalesce(migrations.status, '') not in (${sql.join(statusesOver)}))`;

/**
 * Whether the instance is between two hosts. Then what it has on either of them is still in use.
 *
 * @param instanceUuid the column of the outer query
 */
export function isBetweenHosts(instanceUuid: string): Expression<SqlBool> {
  return sql<SqlBool>`exists (select 1 from migrations
    where migrations.instance_uuid = ${sql.ref(instanceUuid)} and ${isUnderWay})`;
}
