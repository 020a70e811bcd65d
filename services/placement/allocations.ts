import {
  listOrphanedAllocations,
  listUnknownConsumers,
  type OrphanedAllocation,
} from '@mini-nova/data/allocations/leftovers';
import {
  changeConsumer,
  deleteAllocations,
  listAllocationsOfConsumer,
  listAllocationsOfProvider,
  lockConsumers,
} from '@mini-nova/data/allocations/queries';
import type { AllocationRow } from '@mini-nova/data/allocations/tables';
import type { Database, Queryable } from '@mini-nova/data/database';
import { databaseNow, databaseTimestamp } from '@mini-nova/database';
import type { Allocations, ResourceAmounts } from '@mini-nova/domain/resources';

/** Releases what the consumer holds, on one provider or on all. Idempotent. Returns whether there was anything. */
export async function releaseAllocations(
  db: Database,
  consumerUuid: string,
  providerUuid?: string,
): Promise<boolean> {
  // One statement. The generation may stay: who does not see the room yet errs on the safe side.
  return (await deleteAllocations(db.kysely, consumerUuid, providerUuid)) > 0;
}

/**
 * - `moved`: what `from` held is `to`'s, who holds nothing else
 * - `absent`: there is nothing to move, and nothing that may have been moved before
 * - `ended`: `to` will never use it (`lockConsumers`); nothing was changed
 */
export type MoveOutcome = 'moved' | 'absent' | 'ended';

/**
 * All that one consumer holds becomes another's, in the place of what that held: an instance's its migration's when a
 * move begins, and back when it is reverted. Nobody can claim the room between. Idempotent.
 */
export async function moveAllocations(db: Database, from: string, to: string): Promise<MoveOutcome> {
  return db.transaction((trx) => moveAllocationsWithin(trx, from, to), { lostCommit: 'repeat' });
}

export async function moveAllocationsWithin(trx: Queryable, from: string, to: string): Promise<MoveOutcome> {
  if ((await lockConsumers(trx, [from, to])).includes(to)) return 'ended';
  const rows = await listAllocationsOfConsumer(trx, [from, to]);
  if (rows.length === 0) return 'absent';
  if (!rows.some(({ consumer_uuid }) => consumer_uuid === from)) return 'moved';
  // No provider is used more than before, so none is locked.
  await deleteAllocations(trx, to);
  await changeConsumer(trx, { from, to, at: databaseTimestamp(trx) });
  return 'moved';
}

/** What each consumer holds on the provider, by consumer uuid. */
export async function allocationsByConsumer(
  db: Database,
  providerUuid: string,
): Promise<{ [consumerUuid: string]: ResourceAmounts }> {
  return amountsBy(await listAllocationsOfProvider(db.kysely, providerUuid), (row) => row.consumer_uuid);
}

/** What the consumer holds on each provider, by provider uuid. */
export async function allocationsByProvider(db: Database, consumerUuid: string): Promise<Allocations> {
  return amountsBy(await listAllocationsOfConsumer(db.kysely, consumerUuid), (row) => row.provider_uuid);
}

/**
 * Allocations whose instance is deleted, or in ERROR on no host, or which are older than `age` seconds while their instance
 * is at rest elsewhere: left behind by a daemon that ended half-way.
 */
export async function orphanedAllocations(
  db: Database,
  age: number,
  now: Date = databaseNow(db),
): Promise<OrphanedAllocation[]> {
  return listOrphanedAllocations(db.kysely, new Date(now.getTime() - age * 1000).toISOString());
}

/** What each of the consumers holds on each provider: by consumer uuid, then by provider uuid. */
export async function allocationsOfConsumers(
  trx: Queryable,
  consumerUuids: readonly string[],
): Promise<Map<string, Allocations>> {
  const rows = await listAllocationsOfConsumer(trx, consumerUuids);
  return new Map(
    consumerUuids.map((uuid) => [
      uuid,
      amountsBy(
        rows.filter(({ consumer_uuid }) => consumer_uuid === uuid),
        (row) => row.provider_uuid,
      ),
    ]),
  );
}

/** Those who have held allocations for more than `age` seconds, and of whom there is no record. */
export async function unknownConsumers(
  db: Database,
  age: number,
  now: Date = databaseNow(db),
): Promise<string[]> {
  return listUnknownConsumers(db.kysely, new Date(now.getTime() - age * 1000).toISOString());
}

export function amountsBy(
  rows: readonly AllocationRow[],
  keyOf: (row: AllocationRow) => string,
): { [key: string]: ResourceAmounts } {
  const result: { [key: string]: ResourceAmounts } = {};
  for (const row of rows) {
    const key = keyOf(row);
    result[key] ??= {};
    result[key][row.resource_class] = row.used;
  }
  return result;
}
