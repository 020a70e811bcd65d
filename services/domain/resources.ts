import type { Flavor } from '@mini-nova/objects';

/** Amounts by resource class. Units: VCPU pieces, MEMORY_MB MiB, DISK_GB GiB. */
export type ResourceAmounts = { [resourceClass: string]: number };

/** What a consumer holds, or is to hold: amounts by provider uuid. */
export type Allocations = { [providerUuid: string]: ResourceAmounts };

/** How much of a resource class a provider has. */
export interface Inventory {
  total: number;
  reserved: number;
  allocation_ratio: number;
}

export type Inventories = { [resourceClass: string]: Inventory };

/** What one instance of the flavor holds on its host. Classes of which it needs none are left out. */
export function resourcesOf(flavor: Flavor): ResourceAmounts {
  const amounts: ResourceAmounts = {
    DISK_GB: flavor.root_gb + flavor.ephemeral_gb + Math.ceil(flavor.swap / 1024),
    MEMORY_MB: flavor.memory_mb,
    VCPU: flavor.vcpus,
  };
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount > 0));
}

export function add(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const sum = { ...a };
  for (const [resourceClass, amount] of Object.entries(b)) {
    sum[resourceClass] = (sum[resourceClass] ?? 0) + amount;
  }
  return sum;
}

/** What of the wanted amounts is not held. */
export function lacking(held: ResourceAmounts, wanted: ResourceAmounts): ResourceAmounts {
  const missing = Object.entries(wanted).map(
    ([resourceClass, amount]) => [resourceClass, amount - (held[resourceClass] ?? 0)] as const,
  );
  return Object.fromEntries(missing.filter(([, amount]) => amount > 0));
}
