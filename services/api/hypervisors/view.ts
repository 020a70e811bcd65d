import type { ComputeNode, Service } from '@mini-nova/objects';
import type { HypervisorBrief, HypervisorDocument } from '../documents/hypervisor.ts';

export interface ServiceOfNode {
  service: Service;
  up: boolean;
}

export function hypervisorBrief(node: ComputeNode, { service, up }: ServiceOfNode): HypervisorBrief {
  return {
    id: node.id,
    hypervisor_hostname: node.hypervisor_hostname,
    status: service.disabled ? 'disabled' : 'enabled',
    state: up ? 'up' : 'down',
  };
}

export function hypervisorDocument(node: ComputeNode, of: ServiceOfNode): HypervisorDocument {
  return {
    ...hypervisorBrief(node, of),
    cpu_info: node.cpu_info,
    current_workload: node.current_workload,
    disk_available_least: node.disk_available_least,
    free_disk_gb: node.free_disk_gb,
    free_ram_mb: node.free_ram_mb,
    host_ip: node.host_ip,
    hypervisor_type: node.hypervisor_type,
    hypervisor_version: node.hypervisor_version,
    local_gb: node.local_gb,
    local_gb_used: node.local_gb_used,
    memory_mb: node.memory_mb,
    memory_mb_used: node.memory_mb_used,
    running_vms: node.running_vms,
    service: {
      id: of.service.id,
      host: node.host,
      disabled_reason: of.service.disabled_reason ?? null,
    },
    vcpus: node.vcpus,
    vcpus_used: node.vcpus_used,
  };
}
