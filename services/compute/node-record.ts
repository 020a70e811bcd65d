import { randomUUID } from 'node:crypto';
import { type ChangesOf, ComputeNode, PciDevicePoolList } from '@mini-nova/objects';
import type { Reservations } from './node-inventory.ts';
import type { NodeUsage } from './node-usage.ts';
import type { HostResources } from './virt/driver.ts';

export interface HostAddress {
  /** As other hosts reach it. */
  my_ip: string;
}

/** Of a node that was never recorded. */
export function newRecord(host: string, nodename: string, reservations: Reservations): ComputeNode {
  return new ComputeNode({
    uuid: randomUUID(),
    host,
    hypervisor_hostname: nodename,
    cpu_allocation_ratio: reservations.initial_cpu_allocation_ratio,
    ram_allocation_ratio: reservations.initial_ram_allocation_ratio,
    disk_allocation_ratio: reservations.initial_disk_allocation_ratio,
  });
}

/** What the host has, as Nova's schedulers and views read it. */
export function measuresOf(resources: HostResources, { my_ip }: HostAddress): ChangesOf<ComputeNode> {
  return {
    vcpus: resources.vcpus,
    memory_mb: resources.memoryMb,
    local_gb: resources.diskGb,
    hypervisor_type: resources.hypervisorType,
    hypervisor_version: resources.hypervisorVersion,
    cpu_info: JSON.stringify(resources.cpuInfo),
    supported_hv_specs: resources.supportedHvSpecs,
    host_ip: my_ip,
    numa_topology: null,
    pci_device_pools: new PciDevicePoolList(),
    metrics: '[]',
  };
}

/** As Nova counts: what is reserved for the host counts as used memory and disk. */
export function usageOf(
  resources: HostResources,
  usage: NodeUsage,
  reservations: Reservations,
): ChangesOf<ComputeNode> {
  const memory_mb_used = reservations.reserved_host_memory_mb + usage.total('MEMORY_MB');
  const local_gb_used = Math.ceil(reservations.reserved_host_disk_mb / 1024) + usage.total('DISK_GB');
  return {
    vcpus_used: usage.total('VCPU'),
    memory_mb_used,
    local_gb_used,
    free_ram_mb: resources.memoryMb - memory_mb_used,
    free_disk_gb: resources.diskGb - local_gb_used,
    disk_available_least: resources.diskGb - local_gb_used,
    running_vms: usage.instances,
    current_workload: usage.workload,
    stats: { num_instances: String(usage.instances), io_workload: String(usage.workload) },
  };
}
