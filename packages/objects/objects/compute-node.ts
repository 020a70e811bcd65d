import { dictOfNullableStrings } from '../fields/containers.ts';
import { nullable } from '../fields/field.ts';
import { listOfObjects, object } from '../fields/objects.ts';
import { persistentFields } from '../fields/persistent.ts';
import { float, integer, string } from '../fields/scalars.ts';
import { ipAddress, uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';
import { HVSpec } from './hv-spec.ts';
import { PciDevicePoolList } from './pci-device-pool.ts';

/**
 * A hypervisor and its resources. Units: memory_mb MiB, local_gb GiB; `*_used` and `free_*` are the host's own count.
 */
export class ComputeNode extends versionedObject('ComputeNode', '1.19', {
  id: integer(),
  uuid: uuid(),
  service_id: nullable(integer()),
  host: nullable(string()),
  vcpus: integer(),
  memory_mb: integer(),
  local_gb: integer(),
  vcpus_used: integer(),
  memory_mb_used: integer(),
  local_gb_used: integer(),
  hypervisor_type: string(),
  hypervisor_version: integer(),
  hypervisor_hostname: nullable(string()),
  free_ram_mb: nullable(integer()),
  free_disk_gb: nullable(integer()),
  current_workload: nullable(integer()),
  running_vms: nullable(integer()),
  cpu_info: nullable(string()),
  disk_available_least: nullable(integer()),
  metrics: nullable(string()),
  stats: nullable(dictOfNullableStrings()),
  host_ip: nullable(ipAddress()),
  numa_topology: nullable(string()),
  supported_hv_specs: listOfObjects(HVSpec),
  pci_device_pools: nullable(object(PciDevicePoolList)),
  cpu_allocation_ratio: float(),
  ram_allocation_ratio: float(),
  disk_allocation_ratio: float(),
  mapped: integer(),
  ...persistentFields,
}) {}

export class ComputeNodeList extends objectList('ComputeNodeList', '1.17', ComputeNode) {}
