import { databaseTimestamp } from '@mini-nova/database';
import type { Instance } from '@mini-nova/objects';
import { deleteAllocations, deleteAllocationsOfMigrations } from '../allocations/queries.ts';
import { deleteBuildRequest } from '../build-requests/store.ts';
import type { Database, Queryable } from '../database.ts';
import { softDeleteMigrations } from '../instance-migrations/store.ts';
import { releasePorts } from '../ports/queries.ts';
import { deleteRequestSpec } from '../request-specs/store.ts';
import type { InstanceStore } from './store.ts';

/**
 * Marks the instance as deleted and deletes what belongs to it, in one transaction: nothing that it or its migrations hold is
 * left behind. Operations on it find it deleted at their next save. Idempotent: false if it was already deleted.
 *
 * @throws InstanceNotFound when it never existed
 */
export async function deleteInstance(
  db: Database,
  instances: InstanceStore,
  instance: Instance,
): Promise<boolean> {
  const work = async (trx: Queryable) => {
    const { uuid } = instance;
    const deleted = await instances.within(trx).destroy(instance);
    await releasePorts(trx, { deviceUuid: uuid, at: databaseTimestamp(trx) });
    await deleteAllocations(trx, uuid);
    await deleteAllocationsOfMigrations(trx, uuid);
    await softDeleteMigrations(trx, uuid, databaseTimestamp(trx));
    await deleteBuildRequest(trx, uuid);
    await deleteRequestSpec(trx, uuid);
    return deleted;
  };
  return db.transaction(work, { lostCommit: 'repeat' });
}
