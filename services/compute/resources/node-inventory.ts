import type { Inventories } from '@mini-nova/domain/resources';
import type { ComputeNode } from '@mini-nova/objects';
import type { HostResources } from '../virt/driver.ts';

/** What of a host guests do not get, and how much its resources are overcommitted when it registers first. */
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

/** What placement shall know of the node. The ratios are those of its record: an operator may have changed them. */
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
 * What placement must not give to others, beside what is reserved: what guests use that hold no allocation there, as their
 * records are missing.
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
