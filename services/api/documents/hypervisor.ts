export interface HypervisorBrief {
  id: number;
  hypervisor_hostname: string | null;
  status: 'enabled' | 'disabled';
  state: 'up' | 'down';
}

/** A compute node, as `os-hypervisors` shows it. Units: `_mb` MiB, `_gb` GiB. */
export interface HypervisorDocument extends HypervisorBrief {
  cpu_info: string | null;
  current_workload: number | null;
  disk_available_least: number | null;
  free_disk_gb: number | null;
  free_ram_mb: number | null;
  host_ip: string | null;
  hypervisor_type: string;
  hypervisor_version: number;
  local_gb: number;
  local_gb_used: number;
  memory_mb: number;
  memory_mb_used: number;
  running_vms: number | null;
  service: { id: number; host: string | null; disabled_reason: string | null };
  vcpus: number;
  vcpus_used: number;
}
