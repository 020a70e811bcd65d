import type { Inventories } from '@mini-nova/domain/resources';
import type { ComputeNode } from '@mini-nova/objects';
import type { HostResources } from '../virt/driver.ts';

/** How much of a host is not for guests, and the overcommit ratios with which it first registers. */
export interface Reservations {
  reserved_host_cpus: number;
  /** MiB. */
  reserved_host_memory_mb: number;
  /** MiB. */
  reserved_host_disk_mb: number;
  initial_cpu_allocation_ratio: number;
  initial_ram_allocation_ratio: number;
  initial_disk_allocation_ratio: number;
}

/** The node's inventories for placement. The ratios come from its record, where an operator may have changed them. */
export function inventoriesOf(
  resources: HostResources,
  record: ComputeNode,
  reservations: Reservations,
): Inventories {
  return {
    ...resources.otherInventories,
    VCPU: {
      total: resources.vcpus,
      reserved: reservations.reserved_host_cpus,
      allocation_ratio: record.cpu_allocation_ratio,
    },
    MEMORY_MB: {
      total: resources.memoryMb,
      reserved: reservations.reserved_host_memory_mb,
      allocation_ratio: record.ram_allocation_ratio,
    },
    DISK_GB: {
      total: resources.diskGb,
      reserved: Math.ceil(reservations.reserved_host_disk_mb / 1024),
      allocation_ratio: record.disk_allocation_ratio,
    },
  };
}

/**
 * Adds to what is reserved the resources of guests that hold no allocation, as their records are missing: placement must
 * not give these resources to others.
 */
export function withReserved(
  inventories: Inventories,
  usedBy: (resourceClass: string) => number,
): Inventories {
  const entries = Object.entries(inventories).map(([resourceClass, inventory]) => {
    const { total, reserved, allocation_ratio } = inventory;
    const more = Math.ceil(usedBy(resourceClass) / allocation_ratio);
    return [resourceClass, { ...inventory, reserved: Math.min(reserved + more, Math.max(total, reserved)) }];
  });
  return Object.fromEntries(entries);
}
