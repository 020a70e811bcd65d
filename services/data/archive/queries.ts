import type { Timestamp } from '@mini-nova/database';
import { sql } from 'kysely';
import type { Database, Queryable } from '../database.ts';

/** Tables whose deleted rows are kept until they are archived. Rows of child tables go with their instance. */
const softDeleted = ['instances', 'services', 'compute_nodes', 'flavors'] as const;
type SoftDeletedTable = (typeof softDeleted)[number];

/** Tables whose rows are archived and purged with their instance. */
const childTables = ['instance_faults', 'migrations'] as const;

/** The most rows that one transaction moves or deletes, so that it is short and nobody waits for it. */
const BATCH = 100;

/** Rows by table. */
export type RowCounts = Map<string, number>;

export interface ArchiveOptions {
  /** The most rows to archive. As in Nova, rows of child tables are counted, but not limited. */
  maxRows: number;
  /** Only rows that were deleted before this time. */
  before?: Timestamp | undefined;
}

/**
 * Moves deleted rows to their shadow tables, together with the faults and migrations of deleted instances. Other remains of
 * deleted instances and nodes are deleted for good.
 */
export async function archiveDeletedRows(
  db: Database,
  { maxRows, before }: ArchiveOptions,
): Promise<RowCounts> {
  const counts: RowCounts = new Map();
  let left = maxRows;
  for (const table of softDeleted) {
    while (left > 0) {
      const limit = Math.min(BATCH, left);
      const moved = await archiveBatch(db, table, { limit, before });
      for (const [name, rows] of moved) add(counts, name, rows);
      left -= sum(moved);
      if ((moved.get(table) ?? 0) < limit) break;
    }
  }
  return counts;
}

export interface PurgeOptions {
  /** Only rows that were deleted before this time. Default: all. */
  before?: Timestamp | undefined;
}

/** Deletes archived rows for good, faults and migrations with their instances. */
export async function purgeShadowTables(db: Database, { before }: PurgeOptions = {}): Promise<RowCounts> {
  const counts: RowCounts = new Map();
  for (const table of softDeleted) {
    for (;;) {
      const purged = await purgeBatch(db, table, before);
      for (const [name, rows] of purged) add(counts, name, rows);
      if ((purged.get(`shadow_${table}`) ?? 0) < BATCH) break;
    }
  }
  return counts;
}

interface Selected {
  id: number;
  uuid: string;
}

async function archiveBatch(
  db: Database,
  table: SoftDeletedTable,
  { limit, before }: { limit: number; before?: Timestamp | undefined },
): Promise<RowCounts> {
  return db.transaction(async (trx) => {
    const counts: RowCounts = new Map();
    const rows = await selectDeleted(trx, db, table, limit, before);
    if (rows.length === 0) return counts;
    const uuids = rows.map(({ uuid }) => uuid);
    if (table === 'instances') await archiveChildren(trx, uuids, counts);
    if (table === 'compute_nodes') add(counts, 'resource_providers', await deleteProviders(trx, uuids));
    const ids = rows.map(({ id }) => id);
    add(counts, table, await move(trx, table, 'id', ids));
    return counts;
  });
}

/** While an instance holds something, its record must stay: the sweeps that release resources go by it. */
const HOLDS_NOTHING = sql`
  and not exists (select 1 from allocations where allocations.consumer_uuid = instances.uuid)
  and not exists (select 1 from allocations join migrations on migrations.uuid = allocations.consumer_uuid
    where migrations.instance_uuid = instances.uuid)
  and not exists (select 1 from ports where ports.device_uuid = instances.uuid)`;

/** On PostgreSQL, rows that another archiving process has locked are skipped. Flavors have no uuid; none is needed. */
async function selectDeleted(
  trx: Queryable,
  { dialect }: Database,
  table: SoftDeletedTable,
  limit: number,
  before: Timestamp | undefined,
): Promise<Selected[]> {
  const uuid = table === 'flavors' ? sql.ref('flavorid') : sql.ref('uuid');
  const { rows } = await sql<Selected>`select id, ${uuid} as uuid from ${sql.table(table)}
    where deleted = true ${table === 'instances' ? HOLDS_NOTHING : sql``} ${before === undefined ? sql`` : sql`and deleted_at < ${before}`}
    order by id limit ${limit} ${dialect === 'postgresql' ? sql`for update skip locked` : sql``}`.execute(
    trx,
  );
  return rows;
}

async function archiveChildren(trx: Queryable, uuids: string[], counts: RowCounts): Promise<void> {
  for (const table of childTables) add(counts, table, await move(trx, table, 'instance_uuid', uuids));
  for (const table of ['request_specs', 'build_requests']) {
    add(counts, table, await remove(trx, table, 'instance_uuid', uuids));
  }
}

/** Deletes the providers of deleted nodes, except those with allocations, which the sweeps release first. */
async function deleteProviders(trx: Queryable, uuids: string[]): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('resource_providers')
    .where('uuid', 'in', uuids)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('allocations')
            .select('provider_uuid')
            .whereRef('provider_uuid', '=', 'resource_providers.uuid'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('compute_nodes')
            .select('id')
            .whereRef('compute_nodes.uuid', '=', 'resource_providers.uuid')
            .where('deleted', '=', false),
        ),
      ),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

async function purgeBatch(
  db: Database,
  table: SoftDeletedTable,
  before: Timestamp | undefined,
): Promise<RowCounts> {
  const shadow = `shadow_${table}`;
  return db.transaction(async (trx) => {
    const counts: RowCounts = new Map();
    const column = sql.ref(table === 'instances' ? 'uuid' : 'id');
    const { rows } = await sql<{
      id: number;
      key: string;
    }>`select id, ${column} as key from ${sql.table(shadow)}
      ${before === undefined ? sql`` : sql`where deleted_at < ${before}`} order by id limit ${BATCH}`.execute(
      trx,
    );
    if (rows.length === 0) return counts;
    if (table === 'instances') {
      const uuids = rows.map(({ key }) => key);
      for (const child of childTables.map((name) => `shadow_${name}`)) {
        add(counts, child, await remove(trx, child, 'instance_uuid', uuids));
      }
    }
    const ids = rows.map(({ id }) => id);
    add(counts, shadow, await remove(trx, shadow, 'id', ids));
    return counts;
  });
}

/** Both tables have the same columns in the same order. */
async function move(
  trx: Queryable,
  table: string,
  column: string,
  values: readonly (string | number)[],
): Promise<number> {
  await sql`insert into ${sql.table(`shadow_${table}`)} select * from ${sql.table(table)}
    where ${sql.ref(column)} in (${sql.join(values)})`.execute(trx);
  return remove(trx, table, column, values);
}

async function remove(
  trx: Queryable,
  table: string,
  column: string,
  values: readonly (string | number)[],
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`delete from ${sql.table(table)}
    where ${sql.ref(column)} in (${sql.join(values)})`.execute(trx);
  return Number(numAffectedRows);
}

function add(counts: RowCounts, table: string, rows: number): void {
  if (rows > 0) counts.set(table, (counts.get(table) ?? 0) + rows);
}

function sum(counts: RowCounts): number {
  return [...counts.values()].reduce((total, rows) => total + rows, 0);
}
