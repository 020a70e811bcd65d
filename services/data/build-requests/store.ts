import { databaseTimestamp, idempotent, onlyRow, preparedQuery } from '@mini-nova/database';
import { BlockDeviceMappingList, BuildRequest, BuildRequestList, TagList } from '@mini-nova/objects';
import type { Queryable } from '../database.ts';
import { RowCodec } from '../row-codec.ts';
import type { BuildRequestRow, NewBuildRequest } from './table.ts';

const codec = new RowCodec<BuildRequest, BuildRequestRow>({
  type: BuildRequest,
  columns: Object.keys(BuildRequest.fields) as (keyof BuildRequestRow)[],
  json: ['instance', 'block_device_mappings', 'tags'],
});

/** The servers that were requested and have no host yet. Each instance has at most one request. */
export class BuildRequestStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  async findByInstanceUuid(uuid: string): Promise<BuildRequest | undefined> {
    const row = await findBuildRequest(this.#db, uuid);
    return row && codec.toObject(row);
  }

  /** Newest first. */
  async list(filters: { projectId?: string } = {}): Promise<BuildRequestList> {
    const rows = await listBuildRequests(this.#db, filters);
    return BuildRequestList.hydrate({ objects: rows.map((row) => codec.toObject(row)) });
  }

  /** Stores a new request. If the instance already has one, the database reports a unique violation. */
  async create(request: BuildRequest): Promise<void> {
    if (!request.has('block_device_mappings')) request.block_device_mappings = new BlockDeviceMappingList();
    if (!request.has('tags')) request.tags = new TagList();
    // Stored without changed fields, as its readers expect it.
    request.resetChanges();
    const { id: _assigned, ...values } = codec.toRow(request);
    const row = await insertBuildRequest(this.#db, {
      ...values,
      ...requiredOf(request),
      created_at: databaseTimestamp(this.#db),
    });
    codec.adopt(request, row);
  }

  /** Stores the request's present values. False: it was deleted meanwhile. */
  async save(request: BuildRequest): Promise<boolean> {
    request.resetChanges();
    const changes = { ...requiredOf(request), updated_at: databaseTimestamp(this.#db) };
    const row = await updateBuildRequest(this.#db, request.instance_uuid, changes);
    if (row) codec.refresh(request, row, ['updated_at']);
    return row !== undefined;
  }

  /** True for exactly one of several who try: who deletes the request owns what becomes of its instance. */
  async delete(instanceUuid: string): Promise<boolean> {
    return deleteBuildRequest(this.#db, instanceUuid);
  }
}

/** The required columns. @throws FieldNotSet */
function requiredOf(request: BuildRequest): Omit<NewBuildRequest, 'created_at'> {
  const { instance_uuid, project_id, instance, block_device_mappings, tags } = request;
  return {
    instance_uuid,
    project_id,
    instance: JSON.stringify(instance.toPrimitive()),
    block_device_mappings: JSON.stringify(block_device_mappings.toPrimitive()),
    tags: JSON.stringify(tags.toPrimitive()),
  };
}

/** Each instance has one: a second is a unique violation. */
export async function insertBuildRequest(db: Queryable, request: NewBuildRequest): Promise<BuildRequestRow> {
  const { rows } = await insert(db, request);
  return onlyRow(rows);
}

const insert = preparedQuery((db: Queryable, request: NewBuildRequest) =>
  db.insertInto('build_requests').values(request).returningAll(),
);

export async function findBuildRequest(
  db: Queryable,
  instanceUuid: string,
): Promise<BuildRequestRow | undefined> {
  return db
    .selectFrom('build_requests')
    .selectAll()
    .where('instance_uuid', '=', instanceUuid)
    .executeTakeFirst();
}

/** Newest first. */
export async function listBuildRequests(
  db: Queryable,
  { projectId }: { projectId?: string } = {},
): Promise<BuildRequestRow[]> {
  let query = db.selectFrom('build_requests').selectAll().orderBy('id', 'desc');
  if (projectId !== undefined) query = query.where('project_id', '=', projectId);
  return query.execute();
}

export async function updateBuildRequest(
  db: Queryable,
  instanceUuid: string,
  changes: Partial<NewBuildRequest>,
): Promise<BuildRequestRow | undefined> {
  return idempotent(db)
    .updateTable('build_requests')
    .set(changes)
    .where('instance_uuid', '=', instanceUuid)
    .returningAll()
    .executeTakeFirst();
}

/** True for exactly one of several who try: who deletes the request owns what becomes of its instance. */
export async function deleteBuildRequest(db: Queryable, instanceUuid: string): Promise<boolean> {
  const { numAffectedRows = 0n } = await remove(db, { instanceUuid });
  return numAffectedRows > 0n;
}

const remove = preparedQuery((db: Queryable, { instanceUuid }: { instanceUuid: string }) =>
  db.deleteFrom('build_requests').where('instance_uuid', '=', instanceUuid),
);
