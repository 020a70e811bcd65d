import { listInventories, listUsages, type Usage } from '@mini-nova/data/allocations/queries';
import type { InventoryRow } from '@mini-nova/data/allocations/tables';
import type { Queryable } from '@mini-nova/data/database';
import type { ResourceStates } from '@mini-nova/domain/resources';

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
