import {
  advanceGeneration,
  type Database,
  databaseTimestamp,
  findProvider,
  insertAllocations,
  listAllocationsOfConsumer,
  type Queryable,
} from '@mini-nova/database';
import { hasRoom } from './capacity.ts';
import { ConcurrentProviderUpdate, withGenerationRetry } from './generation.ts';
import { resourcesOfProvider } from './provider-resources.ts';
import type { ResourceAmounts } from './resources.ts';

export interface Claim {
  /** The instance. */
  consumerUuid: string;
  /** The compute node. */
  providerUuid: string;
  resources: ResourceAmounts;
}

/**
 * - `claimed`: the consumer holds the resources now
 * - `held`: it held some on this provider before, and nothing was changed
 * - `full`: the provider has too little left of something, or is not known; nothing was changed
 */
export type ClaimOutcome = 'claimed' | 'held' | 'full';

/**
 * Allocates all resources of the claim or none. However many claims run at once, allocations never exceed the
 * provider's capacity: only one of those that read the same generation can commit, the others start again.
 * @throws ConcurrentProviderUpdate
 */
export async function claimResources(db: Database, claim: Claim): Promise<ClaimOutcome> {
  return withGenerationRetry(db, (trx) => tryClaim(trx, claim));
}

async function tryClaim(trx: Queryable, claim: Claim): Promise<ClaimOutcome> {
  const { consumerUuid, providerUuid, resources } = claim;
  // Read before all else: what is read after it and changes will have advanced it.
  const provider = await findProvider(trx, providerUuid);
  if (provider === undefined) return 'full';
  const held = await listAllocationsOfConsumer(trx, consumerUuid);
  if (held.some(({ provider_uuid }) => provider_uuid === providerUuid)) return 'held';
  if (!hasRoom(await resourcesOfProvider(trx, providerUuid), resources)) return 'full';

  const at = databaseTimestamp(trx);
  if (!(await advanceGeneration(trx, providerUuid, provider.generation, { at }))) {
    throw new ConcurrentProviderUpdate(providerUuid);
  }
  await insertAllocations(trx, allocationsOf(claim, at));
  return 'claimed';
}

function allocationsOf({ consumerUuid, providerUuid, resources }: Claim, at: string) {
  return Object.entries(resources).map(([resourceClass, amount]) => ({
    consumer_uuid: consumerUuid,
    provider_uuid: providerUuid,
    resource_class: resourceClass,
    used: amount,
    created_at: at,
  }));
}
