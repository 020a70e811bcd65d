import type { Generated, Insertable, Selectable, Updateable } from 'kysely';
import type { JsonText, SoftDeleted } from '../columns.ts';

export interface ComputeNodesTable extends SoftDeleted {
  id: Generated<number>;
  uuid: string;
  service_id: number | null;
  host: string;
  hypervisor_hostname: string;
  hypervisor_type: string;
  hypervisor_version: number;
  host_ip: string | null;
  vcpus: number;
  /** MiB, like the other `_mb` columns. */
  memory_mb: number;
  /** GiB, like the other `_gb` columns. */
  local_gb: number;
  vcpus_used: number;
  memory_mb_used: number;
  local_gb_used: number;
  free_ram_mb: number | null;
  free_disk_gb: number | null;
  disk_available_least: number | null;
  current_workload: number | null;
  running_vms: number | null;
  cpu_info: JsonText | null;
  metrics: JsonText | null;
  stats: JsonText | null;
  numa_topology: JsonText | null;
  supported_hv_specs: JsonText | null;
  pci_device_pools: JsonText | null;
  cpu_allocation_ratio: number | null;
  ram_allocation_ratio: number | null;
  disk_allocation_ratio: number | null;
  mapped: Generated<number>;
}

export type ComputeNodeRow = Selectable<ComputeNodesTable>;
export type NewComputeNode = Insertable<ComputeNodesTable>;
export type ComputeNodeChanges = Updateable<ComputeNodesTable>;
