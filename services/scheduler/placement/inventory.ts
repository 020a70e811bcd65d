import { isDeepStrictEqual } from 'node:util';
import {
  advanceGeneration,
  type Database,
  databaseTimestamp,
  ensureProvider,
  findProvider,
  type InventoryRow,
  listInventories,
  type Queryable,
  replaceInventories,
} from '@mini-nova/database';
import type { Inventories } from './contract.ts';
import { ConcurrentProviderUpdate, withGenerationRetry } from './generation.ts';

export interface ProviderInventory {
  providerUuid: string;
  providerName: string;
  inventories: Inventories;
}

/**
 * Makes the provider or replaces its inventories; allocations stay, also where they now exceed the capacity (then
 * nothing more is placed there). Unchanged inventories are not written, so that reports do not disturb claims.
 * @throws ConcurrentProviderUpdate
 */
export async function setInventory(db: Database, inventory: ProviderInventory): Promise<void> {
  await withGenerationRetry(db, (trx) => trySetInventory(trx, inventory));
}

async function trySetInventory(
  trx: Queryable,
  { providerUuid, providerName, inventories }: ProviderInventory,
): Promise<void> {
  const at = databaseTimestamp(trx);
  await ensureProvider(trx, { uuid: providerUuid, name: providerName, at });
  const provider = await findProvider(trx, providerUuid);
  if (provider === undefined) throw new ConcurrentProviderUpdate(providerUuid);
  const present = inventoriesOf(await listInventories(trx, providerUuid));
  if (provider.name === providerName && isDeepStrictEqual(present, inventories)) return;

  if (!(await advanceGeneration(trx, providerUuid, provider.generation, { name: providerName, at }))) {
    throw new ConcurrentProviderUpdate(providerUuid);
  }
  const rows = Object.entries(inventories).map(([resource_class, { total, reserved, allocation_ratio }]) => ({
    resource_class,
    total,
    reserved,
    allocation_ratio,
  }));
  await replaceInventories(trx, providerUuid, rows);
}

function inventoriesOf(rows: readonly InventoryRow[]): Inventories {
  return Object.fromEntries(
    rows.map(({ resource_class, total, reserved, allocation_ratio }) => [
      resource_class,
      { total, reserved, allocation_ratio },
    ]),
  );
}
