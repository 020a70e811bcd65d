import {
  listOrphanedAllocations,
  listUnknownConsumers,
  type OrphanedAllocation,
} from '@mini-nova/data/allocations/leftovers';
import {
  type AllocationKey,
  addAllocations,
  advanceGenerations,
  changeConsumer,
  dateAllocations,
  deleteAllocations,
  deleteAllocationsDated,
  insertAllocations,
  listAllocationsOfConsumer,
  listAllocationsOfProvider,
  listInventories,
  listUsages,
  lockConsumers,
  lockProviders,
  type Usage,
} from '@mini-nova/data/allocations/queries';
import type { AllocationRow, InventoryRow } from '@mini-nova/data/allocations/tables';
import type { Database, Queryable } from '@mini-nova/data/database';
import { databaseNow, databaseTimestamp, type Timestamp } from '@mini-nova/database';
import {
  type Allocations,
  add,
  hasRoom,
  lacking,
  type ResourceAmounts,
  type ResourceStates,
} from '@mini-nova/domain/resources';

export interface Claim {
  /** The instance; during a move also its migration, which holds what the instance has on its other host. */
  consumerUuid: string;
  /** What it needs from each provider, all or nothing. */
  allocations: Allocations;
  /**
   * The providers on which the consumer held something when the claim was decided on. If absent, this is not checked.
   */
  heldOn?: readonly string[];
}

/**
 * - `claimed`: the consumer holds the resources now, and held less on at least one of the providers before
 * - `held`: it already held as much on all of them, and nothing was changed
 * - `full`: a provider has too little left, or is unknown; nothing was changed
 * - `ended`: the consumer is an instance that was deleted or is in ERROR, or a migration that is over; nothing was changed
 */
export type ClaimOutcome = 'claimed' | 'held' | 'full' | 'ended';

/** Allocates all resources of the claim or none. Concurrent claims never exceed a provider's capacity together. */
export async function claimResources(db: Database, claim: Omit<Claim, 'heldOn'>): Promise<ClaimOutcome> {
  const { consumerUuid, allocations } = claim;
  const claims = [{ consumerUuid, allocations }];
  const made = await db.transaction((trx) => claimAll(trx, claims), { lostCommit: areMade });
  if (made === 'ended') return 'ended';
  if (typeof made === 'string') return 'full';
  return made.consumerUuids.length === 0 ? 'held' : 'claimed';
}

/**
 * Why none of the claims was made. `full` and `ended` are as in `ClaimOutcome`. `moved`: one of the consumers has come to
 * hold something elsewhere, since another scheduler served the same request.
 */
export type ClaimRefusal = 'full' | 'ended' | 'moved';

/** Claims that were made together. Their date tells them from later claims of the same consumers. */
export interface MadeClaims {
  /** The consumers that hold more than before. */
  consumerUuids: readonly string[];
  /** What they already held on the providers of their claims. */
  before: readonly AllocationRow[];
  at: Timestamp;
}

/** What a claim adds to what its consumer holds on one provider. */
interface Growth {
  consumerUuid: string;
  providerUuid: string;
  resources: ResourceAmounts;
}

/**
 * Makes all of the claims or none, within the transaction. It may be run again when its answer was lost: what a
 * consumer holds already is left as it is, and only what it lacks is claimed. A consumer never comes to hold less: an
 * instance that is resized to a smaller flavor on its host may have to go back. The consumers are locked first, then
 * the providers, each in the order of their uuids, so that what is read then holds until the end, and two requests wait
 * for each other instead of failing.
 */
export async function claimAll(trx: Queryable, claims: readonly Claim[]): Promise<MadeClaims | ClaimRefusal> {
  const consumers = claims.map(({ consumerUuid }) => consumerUuid);
  if ((await lockConsumers(trx, consumers)).length > 0) return 'ended';
  const providers = new Set(claims.flatMap(({ allocations }) => Object.keys(allocations)));
  await lockProviders(trx, [...providers]);
  const rows = await listAllocationsOfConsumer(trx, consumers);
  if (claims.some((claim) => hasMoved(claim, rows))) return 'moved';
  const growing = claims.flatMap((claim) => growthsOf(claim, rows));
  if (!(await haveRoom(trx, growing))) return 'full';

  const at = dateAfter(rows, databaseNow(trx));
  await adopt(trx, claims, rows, at);
  const changed = new Set(growing.map(({ providerUuid }) => providerUuid));
  await advanceGenerations(trx, [...changed], { at });
  await addAllocations(
    trx,
    growing.flatMap((growth) => rowsOf(growth, at)),
  );
  const grown = new Set(growing.map(({ consumerUuid }) => consumerUuid));
  const before = rows.filter((row) => grown.has(row.consumer_uuid) && claims.some((each) => isOf(each, row)));
  return { consumerUuids: [...grown], before, at };
}

/** What the consumer of a claim still lacks, for each provider on which it lacks something. */
function growthsOf({ consumerUuid, allocations }: Claim, rows: readonly AllocationRow[]): Growth[] {
  const own = rows.filter(({ consumer_uuid }) => consumer_uuid === consumerUuid);
  const held = amountsBy(own, ({ provider_uuid }) => provider_uuid);
  return Object.entries(allocations)
    .map(([providerUuid, wanted]) => {
      return { consumerUuid, providerUuid, resources: lacking(held[providerUuid] ?? {}, wanted) };
    })
    .filter(({ resources }) => Object.keys(resources).length > 0);
}

/** Whether the claims are recorded as they were made. Asked when the answer to their commit was lost. */
export async function areMade(db: Queryable, made: MadeClaims | ClaimRefusal): Promise<boolean> {
  if (typeof made === 'string') return false;
  const { consumerUuids, at } = made;
  const rows = await listAllocationsOfConsumer(db, consumerUuids);
  return rows.some(({ created_at }) => created_at === at);
}

/**
 * Releases what was claimed, unless a later claim of the same consumer relies on it. The consumer keeps what it held
 * before. The consumers are locked, so that a claim that relies on what they hold has given that a new date before the
 * dates are compared here.
 */
export async function releaseClaims(db: Database, { consumerUuids, before, at }: MadeClaims): Promise<void> {
  if (consumerUuids.length === 0) return;
  const release = async (trx: Queryable) => {
    await lockConsumers(trx, consumerUuids);
    const released = await deleteAllocationsDated(trx, consumerUuids, at);
    const isReleased = (held: AllocationRow) => released.some((row) => isSameAllocation(row, held));
    await insertAllocations(trx, before.filter(isReleased));
  };
  await db.transaction(release, { lostCommit: 'repeat' });
}

function isSameAllocation(one: AllocationKey, other: AllocationKey): boolean {
  return (
    one.consumer_uuid === other.consumer_uuid &&
    one.provider_uuid === other.provider_uuid &&
    one.resource_class === other.resource_class
  );
}

/** Whether the row is what the consumer of the claim holds on one of its providers. */
function isOf({ consumerUuid, allocations }: Claim, row: AllocationRow): boolean {
  return row.consumer_uuid === consumerUuid && allocations[row.provider_uuid] !== undefined;
}

function hasMoved({ consumerUuid, allocations, heldOn }: Claim, rows: readonly AllocationRow[]): boolean {
  if (heldOn === undefined) return false;
  return rows.some(
    ({ consumer_uuid, provider_uuid }) =>
      consumer_uuid === consumerUuid &&
      allocations[provider_uuid] === undefined &&
      !heldOn.includes(provider_uuid),
  );
}

async function haveRoom(trx: Queryable, growing: readonly Growth[]): Promise<boolean> {
  const asked = new Map<string, ResourceAmounts>();
  for (const { providerUuid, resources } of growing) {
    asked.set(providerUuid, add(asked.get(providerUuid) ?? {}, resources));
  }
  const present = await resourcesOfProviders(trx, [...asked.keys()]);
  return [...asked].every(([uuid, amounts]) => hasRoom(present.get(uuid) ?? {}, amounts));
}

/** A date later than that of each allocation. */
function dateAfter(rows: readonly AllocationRow[], now: Date): Timestamp {
  const latest = Math.max(...rows.map(({ created_at }) => Date.parse(created_at)));
  return new Date(Math.max(now.getTime(), latest + 1)).toISOString();
}

/** Gives a new date to what is already held, so that the request that claimed it no longer releases it (`releaseClaims`). */
async function adopt(
  trx: Queryable,
  claims: readonly Claim[],
  rows: readonly AllocationRow[],
  at: Timestamp,
): Promise<void> {
  for (const claim of claims) {
    const held = rows.filter((row) => isOf(claim, row)).map(({ provider_uuid }) => provider_uuid);
    for (const providerUuid of new Set(held)) {
      await dateAllocations(trx, { consumerUuid: claim.consumerUuid, providerUuid, at });
    }
  }
}

function rowsOf({ consumerUuid, providerUuid, resources }: Growth, at: Timestamp): AllocationRow[] {
  return Object.entries(resources).map(([resourceClass, amount]) => ({
    consumer_uuid: consumerUuid,
    provider_uuid: providerUuid,
    resource_class: resourceClass,
    used: amount,
    created_at: at,
  }));
}

/** Releases what the consumer holds, on one provider or on all. Idempotent. Returns whether it held anything. */
export async function releaseAllocations(
  db: Database,
  consumerUuid: string,
  providerUuid?: string,
): Promise<boolean> {
  // One statement. The generation may stay: a reader that does not see the free room yet errs on the safe side.
  return (await deleteAllocations(db.kysely, consumerUuid, providerUuid)) > 0;
}

/**
 * - `moved`: `to` holds what `from` held, and nothing else
 * - `absent`: `from` holds nothing to move, and neither does `to` from an earlier move
 * - `ended`: `to` will never use it (`lockConsumers`); nothing was changed
 */
export type MoveOutcome = 'moved' | 'absent' | 'ended';

/**
 * Gives all that one consumer holds to another, in place of what that one held: from an instance to its migration when a
 * move begins, and back when the move is reverted. Nobody can claim the room in between. Idempotent.
 */
export async function moveAllocations(db: Database, from: string, to: string): Promise<MoveOutcome> {
  return db.transaction((trx) => moveAllocationsWithin(trx, from, to), { lostCommit: 'repeat' });
}

export async function moveAllocationsWithin(trx: Queryable, from: string, to: string): Promise<MoveOutcome> {
  if ((await lockConsumers(trx, [from, to])).includes(to)) return 'ended';
  const rows = await listAllocationsOfConsumer(trx, [from, to]);
  if (rows.length === 0) return 'absent';
  if (!rows.some(({ consumer_uuid }) => consumer_uuid === from)) return 'moved';
  // No provider's usage grows, so none is locked.
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
 * Allocations whose instance is deleted, or in ERROR on no host, and those older than `age` seconds whose instance is at
 * rest elsewhere: left behind by a daemon that was killed half-way.
 */
export async function orphanedAllocations(
  db: Database,
  age: number,
  now: Date = databaseNow(db),
): Promise<OrphanedAllocation[]> {
  return listOrphanedAllocations(db.kysely, new Date(now.getTime() - age * 1000).toISOString());
}

/** What each consumer holds on each provider: by consumer uuid, then by provider uuid. */
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

/** Consumers without a record that have held allocations for more than `age` seconds. */
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

/** Inventories and usages of all providers, by provider uuid, in two queries for any number of providers. */
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
