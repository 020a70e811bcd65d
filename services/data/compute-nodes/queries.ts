import type { Timestamp } from '@mini-nova/database';
import { idempotent, preparedQuery } from '@mini-nova/database';
import type { Queryable } from '../database.ts';
import type { ComputeNodeChanges, ComputeNodeRow, NewComputeNode } from './table.ts';

/** Of the living nodes one host has each hypervisor_hostname once: a second is a unique violation. */
export async function insertComputeNode(db: Queryable, node: NewComputeNode): Promise<ComputeNodeRow> {
  return db.insertInto('compute_nodes').values(node).returningAll().executeTakeFirstOrThrow();
}

export async function findComputeNode(
  db: Queryable,
  host: string,
  nodename: string,
): Promise<ComputeNodeRow | undefined> {
  return living(db).where('host', '=', host).where('hypervisor_hostname', '=', nodename).executeTakeFirst();
}

export async function findComputeNodeByUuid(
  db: Queryable,
  uuid: string,
  { includeDeleted = false } = {},
): Promise<ComputeNodeRow | undefined> {
  const all = includeDeleted ? db.selectFrom('compute_nodes').selectAll() : living(db);
  return all.where('uuid', '=', uuid).executeTakeFirst();
}

export async function findComputeNodeById(db: Queryable, id: number): Promise<ComputeNodeRow | undefined> {
  return living(db).where('id', '=', id).executeTakeFirst();
}

/** Oldest first. */
export async function listComputeNodes(
  db: Queryable,
  { host }: { host?: string } = {},
): Promise<ComputeNodeRow[]> {
  let query = living(db).orderBy('id');
  if (host !== undefined) query = query.where('host', '=', host);
  return query.execute();
}

/** What a scheduler must know of a compute node and the nova-compute of its host. */
export interface ComputeHost {
  uuid: string;
  host: string;
  hypervisor_hostname: string;
  disabled: boolean;
  forced_down: boolean;
  last_seen_up: Timestamp | null;
  service_created_at: Timestamp;
  availability_zone: string | null;
}

/** All nodes whose host has a nova-compute record, oldest first; with more columns of the nodes, when asked. */
export async function listComputeHosts(
  db: Queryable,
  columns: readonly (keyof ComputeNodeRow)[] = [],
): Promise<(ComputeHost & Partial<ComputeNodeRow>)[]> {
  // A query's text may depend on its keys alone.
  const { rows } = await computeHosts(db, Object.fromEntries(columns.map((column) => [column, true])));
  return rows;
}

const computeHosts = preparedQuery((db: Queryable, columns: { [C in keyof ComputeNodeRow]?: true }) =>
  db
    .selectFrom('compute_nodes as n')
    .innerJoin('services as s', 's.host', 'n.host')
    .select((Object.keys(columns) as (keyof ComputeNodeRow)[]).map((column) => `n.${column}` as const))
    .select(['n.uuid', 'n.host', 'n.hypervisor_hostname'])
    .select([
      's.disabled',
      's.forced_down',
      's.last_seen_up',
      's.created_at as service_created_at',
      's.availability_zone',
    ])
    .where('s.binary', '=', 'nova-compute')
    .where('s.deleted', '=', false)
    .where('n.deleted', '=', false)
    .orderBy('n.id'),
);

export async function updateComputeNode(
  db: Queryable,
  uuid: string,
  changes: ComputeNodeChanges,
): Promise<ComputeNodeRow | undefined> {
  const { rows } = await update(db, { uuid, changes });
  return rows[0];
}

const update = preparedQuery(
  (db: Queryable, { uuid, changes }: { uuid: string; changes: ComputeNodeChanges }) =>
    idempotent(db)
      .updateTable('compute_nodes')
      .set(changes)
      .where('uuid', '=', uuid)
      .where('deleted', '=', false)
      .returningAll(),
);

export async function softDeleteComputeNode(db: Queryable, uuid: string, at: Timestamp): Promise<boolean> {
  const row = await updateComputeNode(db, uuid, { deleted: true, deleted_at: at });
  return row !== undefined;
}

function living(db: Queryable) {
  return db.selectFrom('compute_nodes').selectAll().where('deleted', '=', false);
}
