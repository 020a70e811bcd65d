import { idempotent, onlyRow, preparedQuery } from '@mini-nova/database';
import type { Queryable } from '../database.ts';
import type { BuildRequestRow, NewBuildRequest } from './table.ts';

/** One for each instance: a second is a unique violation. */
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
