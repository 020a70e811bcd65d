import { lockConsumers } from '@mini-nova/data/allocations/consumers';
import {
  type AllocationKey,
  addAllocations,
  advanceGenerations,
  dateAllocations,
  deleteAllocationsDated,
  insertAllocations,
  listAllocationsOfConsumer,
  lockProviders,
} from '@mini-nova/data/allocations/queries';
import type { AllocationRow } from '@mini-nova/data/allocations/tables';
import type { Database, Queryable } from '@mini-nova/data/database';
import { databaseNow, type Timestamp } from '@mini-nova/database';
import { hasRoom } from '@mini-nova/domain/capacity';
import { lacking, type ResourceAmounts } from '@mini-nova/domain/resources';
import { resourcesOfProviders } from './provider-resources.ts';

export interface Claim {
  /** The instance. */
  consumerUuid: string;
  /** The compute node. */
  providerUuid: string;
  resources: ResourceAmounts;
  /** The providers on which the consumer held something when the claim was decided on. Not checked without. */
  heldOn?: readonly string[];
}

/**
 * - `claimed`: the consumer holds the resources now, and held less on this provider before
 * - `held`: it held as much on this provider before, and nothing was changed
 * - `full`: the provider has too little left of something, or is not known; nothing was changed
 * - `ended`: the consumer is an instance that was deleted or is in ERROR; nothing was changed
 */
export type ClaimOutcome = 'claimed' | 'held' | 'full' | 'ended';

/** Allocates all resources of the claim or none. However many claims run at once, none exceeds a provider's capacity. */
export async function claimResources(db: Database, claim: Claim): Promise<ClaimOutcome> {
  const { consumerUuid, providerUuid, resources } = claim;
  const claims = [{ consumerUuid, providerUuid, resources }];
  const made = await db.transaction((trx) => claimAll(trx, claims), { lostCommit: areMade });
  if (made === 'ended') return 'ended';
  if (typeof made === 'string') return 'full';
  return made.consumerUuids.length === 0 ? 'held' : 'claimed';
}

/**
 * Why claims were not made, any of them: `full` and `ended` are those of `ClaimOutcome`; `moved`: one of the consumers
 * has come to hold something elsewhere (the same request was served by another scheduler).
 */
export type ClaimRefusal = 'full' | 'ended' | 'moved';

/** Claims that were made together. By their date they differ from what anybody claims of the same consumers later. */
export interface MadeClaims {
  /** Those who hold more than they held before. */
  consumerUuids: readonly string[];
  /** What they held already of the providers of which they claimed more. */
  before: readonly AllocationRow[];
  at: Timestamp;
}

/**
 * All of the claims or none, within the transaction. Its answer may be lost, and it be run again: what a consumer holds
 * already is left as it is, and only what it lacks is claimed. It never comes to hold less: who resizes to a smaller
 * flavor on the same host may have to go back. Whoever claims locks first the consumers, then the providers, each in the order of their
 * uuids, and what is read then holds until the end: two requests wait for one another, and neither turns back.
 */
export async function claimAll(trx: Queryable, claims: readonly Claim[]): Promise<MadeClaims | ClaimRefusal> {
  const consumers = claims.map(({ consumerUuid }) => consumerUuid);
  if ((await lockConsumers(trx, consumers)).length > 0) return 'ended';
  const providers = [...new Set(claims.map(({ providerUuid }) => providerUuid))];
  await lockProviders(trx, providers);
  const rows = await listAllocationsOfConsumer(trx, consumers);
  if (claims.some((claim) => hasMoved(claim, rows))) return 'moved';
  const growing = claims
    .map((claim) => growthOf(claim, rows))
    .filter(({ resources }) => Object.keys(resources).length > 0);
  if (!(await haveRoom(trx, growing))) return 'full';

  const at = dateAfter(rows, databaseNow(trx));
  await adopt(trx, claims, rows, at);
  const changed = new Set(growing.map(({ providerUuid }) => providerUuid));
  await advanceGenerations(trx, [...changed], { at });
  await addAllocations(
    trx,
    growing.flatMap((claim) => allocationsOf(claim, at)),
  );
  return {
    consumerUuids: growing.map(({ consumerUuid }) => consumerUuid),
    before: rows.filter((row) => growing.some((claim) => isHeldBy(claim, row))),
    at,
  };
}

/** The claim for what its consumer does not hold yet. */
function growthOf(claim: Claim, rows: readonly AllocationRow[]): Claim {
  const own = rows.filter((row) => isHeldBy(claim, row));
  const held = Object.fromEntries(own.map(({ resource_class, used }) => [resource_class, used]));
  return { ...claim, resources: lacking(held, claim.resources) };
}

/** Whether claims are there as they were made; when the commit of their transaction was not answered, this tells. */
export async function areMade(db: Queryable, made: MadeClaims | ClaimRefusal): Promise<boolean> {
  if (typeof made === 'string') return false;
  const { consumerUuids, at } = made;
  const rows = await listAllocationsOfConsumer(db, consumerUuids);
  return rows.some(({ created_at }) => created_at === at);
}

/** Releases what was claimed, unless a later claim of the same consumer relies on it. What it held before it keeps. */
export async function releaseClaims(db: Database, { consumerUuids, before, at }: MadeClaims): Promise<void> {
  const release = async (trx: Queryable) => {
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

function isHeldBy({ consumerUuid, providerUuid }: Claim, row: AllocationRow): boolean {
  return row.consumer_uuid === consumerUuid && row.provider_uuid === providerUuid;
}

function hasMoved({ consumerUuid, providerUuid, heldOn }: Claim, rows: readonly AllocationRow[]): boolean {
  if (heldOn === undefined) return false;
  return rows.some(
    ({ consumer_uuid, provider_uuid }) =>
      consumer_uuid === consumerUuid && provider_uuid !== providerUuid && !heldOn.includes(provider_uuid),
  );
}

async function haveRoom(trx: Queryable, claims: readonly Claim[]): Promise<boolean> {
  const asked = new Map<string, ResourceAmounts>();
  for (const { providerUuid, resources } of claims) {
    asked.set(providerUuid, sum(asked.get(providerUuid) ?? {}, resources));
  }
  const present = await resourcesOfProviders(trx, [...asked.keys()]);
  return [...asked].every(([uuid, amounts]) => hasRoom(present.get(uuid) ?? {}, amounts));
}

function sum(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const result = { ...a };
  for (const [resourceClass, amount] of Object.entries(b)) {
    result[resourceClass] = (result[resourceClass] ?? 0) + amount;
  }
  return result;
}

/** A date that none of the allocations has. */
function dateAfter(rows: readonly AllocationRow[], now: Date): Timestamp {
  const latest = Math.max(...rows.map(({ created_at }) => Date.parse(created_at)));
  return new Date(Math.max(now.getTime(), latest + 1)).toISOString();
}

/** What is held already gets a new date: whoever claimed it does not give it back any more (`releaseClaims`). */
async function adopt(
  trx: Queryable,
  claims: readonly Claim[],
  rows: readonly AllocationRow[],
  at: Timestamp,
): Promise<void> {
  for (const claim of claims) {
    if (rows.some((row) => isHeldBy(claim, row))) await dateAllocations(trx, { ...claim, at });
  }
}

function allocationsOf({ consumerUuid, providerUuid, resources }: Claim, at: Timestamp): AllocationRow[] {
  return Object.entries(resources).map(([resourceClass, amount]) => ({
    consumer_uuid: consumerUuid,
    provider_uuid: providerUuid,
    resource_class: resourceClass,
    used: amount,
    created_at: at,
  }));
}
