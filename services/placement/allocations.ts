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
  listInventories,
  listUsages,
  lockConsumers,
  type Usage,
} from '@mini-nova/data/allocations/queries';
import type { AllocationRow, InventoryRow } from '@mini-nova/data/allocations/tables';
import type { Database, Queryable } from '@mini-nova/data/database';
import { databaseNow, databaseTimestamp } from '@mini-nova/database';
import type { Allocations, ResourceAmounts, ResourceStates } from '@mini-nova/domain/resources';

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

/** Inventories and usages of all providers, by provider uuid, in two queries however many they are. */
export async function resourcesOfAll(db: Queryable): Promise<Map<string, ResourceStates>> {
  const inventories = await listInventories(db);
  return combine(inventories, await listUsages(db));
}

export async function resourcesOfProviders(
  db: Queryable,
  providerUuids: readonly string[],
): Promise<Map<string, ResourceStates>> {
  const inventories = await listInventories(db, providerUuids);
  return combine(inventories, await listUsages(db, providerUuids));
}

export async function resourcesOfProvider(db: Queryable, providerUuid: string): Promise<ResourceStates> {
  return (await resourcesOfProviders(db, [providerUuid])).get(providerUuid) ?? {};
}

function combine(
  inventories: readonly InventoryRow[],
  usages: readonly Usage[],
): Map<string, ResourceStates> {
  const used = new Map(usages.map((usage) => [key(usage), usage.used]));
  const providers = new Map<string, ResourceStates>();
  for (const inventory of inventories) {
    const { provider_uuid, resource_class, total, reserved, allocation_ratio } = inventory;
    const states = providers.get(provider_uuid) ?? {};
    states[resource_class] = { total, reserved, allocation_ratio, used: used.get(key(inventory)) ?? 0 };
    providers.set(provider_uuid, states);
  }
  return providers;
}

function key({ provider_uuid, resource_class }: Pick<Usage, 'provider_uuid' | 'resource_class'>): string {
  return `${provider_uuid} ${resource_class}`;
}
