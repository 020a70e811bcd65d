import { locksRows, preparedQuery } from '@mini-nova/database';
import { sql } from 'kysely';
import type { Queryable } from '../database.ts';
import type { InstanceRow } from '../instances/table.ts';

/** Which of the consumers are instances that will never use what they are given: deleted, or in ERROR on no host. */
export async function listEndedConsumers(db: Queryable, uuids: readonly string[]): Promise<string[]> {
  return uuids.length === 0 ? [] : endedOf((await statesOf(db, { uuids })).rows);
}

/**
 * As `listEndedConsumers`, and until the transaction ends, nobody else who locks one of the consumers gets on, and none
 * of the instances changes. They are locked in the order of their uuids, so that no two who lock several wait for each
 * other; those of whom there is no record (another control plane's) after the others.
 */
export async function lockConsumers(trx: Queryable, uuids: readonly string[]): Promise<string[]> {
  if (uuids.length === 0) return [];
  if (!locksRows(trx)) return listEndedConsumers(trx, uuids);
  const { rows: instances } = await lockInstances(trx, { uuids });
  const recorded = new Set(instances.map(({ uuid }) => uuid));
  const others = uuids.filter((uuid) => !recorded.has(uuid)).sort();
  for (const uuid of others) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${uuid}, 0))`.execute(trx);
  }
  return endedOf(instances);
}

interface Consumers {
  uuids: readonly string[];
}

const statesOf = preparedQuery((db: Queryable, { uuids }: Consumers) => states(db, uuids));
const lockInstances = preparedQuery((db: Queryable, { uuids }: Consumers) =>
  states(db, uuids).orderBy('uuid').forUpdate(),
);

function states(db: Queryable, uuids: readonly string[]) {
  return db
    .selectFrom('instances')
    .select(['uuid', 'deleted', 'vm_state', 'host'])
    .where('uuid', 'in', uuids);
}

function endedOf(
  instances: readonly Pick<InstanceRow, 'uuid' | 'deleted' | 'vm_state' | 'host'>[],
): string[] {
  return instances
    .filter(({ deleted, vm_state, host }) => deleted || (vm_state === 'error' && host === null))
    .map(({ uuid }) => uuid);
}
