import { isDeepStrictEqual } from 'node:util';
import {
  advanceGenerations,
  ensureProvider,
  listInventories,
  lockProviders,
  replaceInventories,
} from '@mini-nova/data/allocations/queries';
import type { InventoryRow } from '@mini-nova/data/allocations/tables';
import type { Database, Queryable } from '@mini-nova/data/database';
import { databaseTimestamp } from '@mini-nova/database';
import type { Inventories } from '@mini-nova/domain/resources';

export interface ProviderInventory {
  providerUuid: string;
  providerName: string;
  inventories: Inventories;
}

/**
 * Makes the provider or replaces its inventories; allocations stay, even if they now exceed the capacity (then nothing
 * more is placed there). Unchanged inventories are not written, so that reports do not disturb claims. Claims on the
 * provider wait for this, and this waits for them.
 */
export async function setInventory(db: Database, inventory: ProviderInventory): Promise<void> {
  await db.transaction((trx) => replaceInventory(trx, inventory), { lostCommit: 'repeat' });
}

async function replaceInventory(
  trx: Queryable,
  { providerUuid, providerName, inventories }: ProviderInventory,
): Promise<void> {
  const at = databaseTimestamp(trx);
  await ensureProvider(trx, { uuid: providerUuid, name: providerName, at });
  const [provider] = await lockProviders(trx, [providerUuid]);
  const present = inventoriesOf(await listInventories(trx, providerUuid));
  if (provider?.name === providerName && isDeepStrictEqual(present, inventories)) return;

  await advanceGenerations(trx, [providerUuid], { name: providerName, at });
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
