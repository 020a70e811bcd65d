import { randomUUID } from 'node:crypto';
import type { NewComputeNode } from '../compute-nodes/table.ts';
import type { NewMigration } from '../instance-migrations/table.ts';
import type { NewInstance } from '../instances/table.ts';
import type { NewService } from '../services/table.ts';

export const AT = '2026-01-31T12:00:00.000Z';

export function newInstance(values: Partial<NewInstance> = {}): NewInstance {
  return { uuid: randomUUID(), vm_state: 'building', task_state: 'scheduling', created_at: AT, ...values };
}

export function newService(values: Partial<NewService> = {}): NewService {
  return { uuid: randomUUID(), host: 'host1', binary: 'nova-compute', created_at: AT, ...values };
}

export function newComputeNode(values: Partial<NewComputeNode> = {}): NewComputeNode {
  return {
    uuid: randomUUID(),
    host: 'host1',
    hypervisor_hostname: 'host1',
    hypervisor_type: 'fake',
    hypervisor_version: 1,
    vcpus: 8,
    memory_mb: 32768,
    local_gb: 1000,
    vcpus_used: 0,
    memory_mb_used: 0,
    local_gb_used: 0,
    created_at: AT,
    ...values,
  };
}

/** A resize under way from host1 to host2. */
export function newMigration(values: Partial<NewMigration> = {}): NewMigration {
  return {
    uuid: randomUUID(),
    source_compute: 'host1',
    source_node: 'host1',
    dest_compute: 'host2',
    dest_node: 'host2',
    status: 'migrating',
    migration_type: 'resize',
    created_at: AT,
    ...values,
  };
}
