import { randomUUID } from 'node:crypto';
import { databaseTimestamp, idempotent, preparedQuery, type Timestamp } from '@mini-nova/database';
import { ComputeHostNotFound } from '@mini-nova/domain/exceptions';
import { ComputeNode, ComputeNodeList } from '@mini-nova/objects';
import type { Queryable } from '../database.ts';
import { RowCodec, setByStore } from '../row-codec.ts';
import type { ComputeNodeChanges, ComputeNodeRow, NewComputeNode } from './table.ts';

const codec = new RowCodec<ComputeNode, ComputeNodeRow>({
  type: ComputeNode,
  columns: Object.keys(ComputeNode.fields) as (keyof ComputeNodeRow)[],
  json: ['stats', 'supported_hv_specs', 'pci_device_pools'],
});

/** The records of hypervisors in the database. */
export class ComputeNodeStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  async getByHostAndNodename(host: string, nodename: string): Promise<ComputeNode | undefined> {
    const row = await findComputeNode(this.#db, host, nodename);
    return row && codec.toObject(row);
  }

  /** @throws ComputeHostNotFound */
  async getByUuid(uuid: string, options: { includeDeleted?: boolean } = {}): Promise<ComputeNode> {
    return codec.toObject(found(await findComputeNodeByUuid(this.#db, uuid, options), uuid));
  }

  /** @throws ComputeHostNotFound */
  async getById(id: number): Promise<ComputeNode> {
    return codec.toObject(found(await findComputeNodeById(this.#db, id), String(id)));
  }

  /** Oldest first. */
  async list(filters: { host?: string } = {}): Promise<ComputeNodeList> {
    const rows = await listComputeNodes(this.#db, filters);
    return ComputeNodeList.hydrate({ objects: rows.map((row) => codec.toObject(row)) });
  }

  /**
   * Stores a new record; it gets its id and times, and a uuid if it has none. If the host already has a node of this name, the
   * database reports a unique violation.
   */
  async create(node: ComputeNode): Promise<void> {
    const { id: _assigned, ...values } = codec.toRow(node);
    const { uuid = randomUUID() } = node.values();
    const row = await insertComputeNode(this.#db, {
      ...resourcesOf(node),
      ...values,
      uuid,
      created_at: databaseTimestamp(this.#db),
    });
    codec.adopt(node, row);
  }

  /** Stores the changed fields. @throws ComputeHostNotFound */
  async save(node: ComputeNode): Promise<string[]> {
    const changed = node.changes().filter((field) => codec.stores(field) && !setByStore.includes(field));
    if (changed.length === 0) return [];
    const changes = { ...codec.toRow(node, changed), updated_at: databaseTimestamp(this.#db) };
    const row = found(await updateComputeNode(this.#db, node.uuid, changes), node.uuid);
    return [...new Set([...changed, ...codec.refresh(node, row, setByStore)])].sort();
  }

  /** Marks the record as deleted. False: it already was. */
  async delete(node: ComputeNode): Promise<boolean> {
    return softDeleteComputeNode(this.#db, node.uuid, databaseTimestamp(this.#db));
  }
}

/** The required columns. @throws FieldNotSet */
function resourcesOf(node: ComputeNode): Omit<NewComputeNode, 'uuid' | 'created_at'> {
  return {
    host: node.host ?? '',
    hypervisor_hostname: node.hypervisor_hostname ?? '',
    hypervisor_type: node.hypervisor_type,
    hypervisor_version: node.hypervisor_version,
    vcpus: node.vcpus,
    memory_mb: node.memory_mb,
    local_gb: node.local_gb,
    vcpus_used: node.vcpus_used,
    memory_mb_used: node.memory_mb_used,
    local_gb_used: node.local_gb_used,
  };
}

function found(row: ComputeNodeRow | undefined, host: string): ComputeNodeRow {
  if (row === undefined) throw new ComputeHostNotFound({ host });
  return row;
}

/** Among nodes that are not deleted, a hypervisor_hostname is unique on its host: a second is a unique violation. */
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

/** The columns of a compute node, and of the nova-compute of its host, that schedulers always need. */
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

/** All nodes whose host has a nova-compute record, oldest first, with the given further columns of the nodes. */
export async function listComputeHosts(
  db: Queryable,
  columns: readonly (keyof ComputeNodeRow)[] = [],
): Promise<(ComputeHost & Partial<ComputeNodeRow>)[]> {
  // The text of a prepared query may depend only on the keys of its values.
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
