import type { Flavor } from '@mini-nova/objects';
import { isResourceClass } from './resource-classes.ts';

/** Amounts by resource class: VCPU as a number of CPUs, MEMORY_MB in MiB, DISK_GB in GiB. */
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

/**
 * What one instance of the flavor holds on its host. Classes of which it needs nothing are left out. As in Nova, the extra
 * specs can add classes, and replace the flavor's own amount of a class, even by 0.
 */
export function resourcesOf(flavor: Flavor): ResourceAmounts {
  const asked = flavor.has('extra_specs') ? resourcesAsked(flavor.extra_specs) : {};
  const amounts: ResourceAmounts = {
    DISK_GB: flavor.root_gb + flavor.ephemeral_gb + Math.ceil(flavor.swap / 1024),
    MEMORY_MB: flavor.memory_mb,
    VCPU: asked.PCPU === undefined ? flavor.vcpus : 0,
    ...asked,
  };
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount > 0));
}

/** `resources:CLASS`, or `resources1:CLASS` of a numbered group. */
const RESOURCES_KEY = /^resources([a-zA-Z0-9_-]{1,64})?:(.*)$/;

/** The sum over all groups, since each host is one provider. What is not a class or an amount is ignored. */
function resourcesAsked(extraSpecs: { readonly [key: string]: string }): ResourceAmounts {
  const groups = Object.entries(extraSpecs).map(([key, text]): ResourceAmounts => {
    const resourceClass = RESOURCES_KEY.exec(key)?.[2];
    if (resourceClass === undefined || !isResourceClass(resourceClass)) return {};
    return /^\s*\+?\d+\s*$/.test(text) ? { [resourceClass]: Number(text) } : {};
  });
  return groups.reduce(add, {});
}

export function add(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const sum = { ...a };
  for (const [resourceClass, amount] of Object.entries(b)) {
    sum[resourceClass] = (sum[resourceClass] ?? 0) + amount;
  }
  return sum;
}

/** The part of the wanted amounts that is not held yet. */
export function lacking(held: ResourceAmounts, wanted: ResourceAmounts): ResourceAmounts {
  const missing = Object.entries(wanted).map(
    ([resourceClass, amount]) => [resourceClass, amount - (held[resourceClass] ?? 0)] as const,
  );
  return Object.fromEntries(missing.filter(([, amount]) => amount > 0));
}

/** An inventory and how much of it is allocated. */
export interface ResourceState extends Inventory {
  used: number;
}

export type ResourceStates = { [resourceClass: string]: ResourceState };

/** How much may be allocated in all. As in Nova, what is reserved is deducted before the rest is overcommitted. */
export function capacityOf({ total, reserved, allocation_ratio }: Inventory): number {
  return (total - reserved) * allocation_ratio;
}

/** Whether all amounts can be allocated in addition. A class without inventory has no room. */
export function hasRoom(states: ResourceStates, amounts: ResourceAmounts): boolean {
  return Object.entries(amounts).every(([resourceClass, amount]) => {
    const state = states[resourceClass];
    return state !== undefined && state.used + amount <= capacityOf(state);
  });
}
