import { randomUUID } from 'node:crypto';
import { databaseTimestamp } from '@mini-nova/database';
import { ComputeHostNotFound } from '@mini-nova/domain/exceptions';
import { ComputeNode, ComputeNodeList } from '@mini-nova/objects';
import { type Connection, queryableOf } from '../connection.ts';
import type { Queryable } from '../database.ts';
import { RowCodec, setByStore } from '../row-codec.ts';
import {
  findComputeNode,
  findComputeNodeById,
  findComputeNodeByUuid,
  insertComputeNode,
  listComputeNodes,
  softDeleteComputeNode,
  updateComputeNode,
} from './queries.ts';
import type { ComputeNodeRow, NewComputeNode } from './table.ts';

const codec = new RowCodec<ComputeNode, ComputeNodeRow>({
  type: ComputeNode,
  columns: Object.keys(ComputeNode.fields) as (keyof ComputeNodeRow)[],
  json: ['stats', 'supported_hv_specs', 'pci_device_pools'],
});

/** The hypervisors' records in the database. */
export class ComputeNodeStore {
  readonly #db: Queryable;

  constructor(connection: Connection) {
    this.#db = queryableOf(connection);
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
   * Stores a new record; it gets its id and times, and a uuid when it has none. That the host has a node of this
   * name already is a unique violation of the database.
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

  /** Marks the record deleted. False when it was deleted before. */
  async delete(node: ComputeNode): Promise<boolean> {
    return softDeleteComputeNode(this.#db, node.uuid, databaseTimestamp(this.#db));
  }
}

/** What a record cannot be without. @throws FieldNotSet */
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
