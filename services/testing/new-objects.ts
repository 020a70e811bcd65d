import { randomUUID } from 'node:crypto';
import {
  ComputeNode,
  type FieldValues,
  Flavor,
  Instance,
  InstanceInfoCache,
  Migration,
} from '@mini-nova/objects';

type InstanceValues = Partial<FieldValues<typeof Instance.fields>>;
type MigrationValues = Partial<FieldValues<typeof Migration.fields>>;
type ComputeNodeValues = Partial<FieldValues<typeof ComputeNode.fields>>;

export function newFlavor(): Flavor {
  return Flavor.hydrate({
    id: 1,
    name: 'm1.tiny',
    flavorid: '1',
    memory_mb: 512,
    vcpus: 1,
    root_gb: 1,
    ephemeral_gb: 0,
    swap: 0,
    extra_specs: { 'hw:cpu_policy': 'shared' },
  });
}

/** An instance that is being built. */
export function newInstance(values: InstanceValues = {}): Instance {
  const uuid = randomUUID();
  return new Instance({
    uuid,
    project_id: 'p1',
    user_id: 'u1',
    display_name: 'vm',
    vm_state: 'building',
    task_state: 'scheduling',
    power_state: 0,
    host: null,
    locked: false,
    metadata: { purpose: 'test' },
    flavor: newFlavor(),
    info_cache: new InstanceInfoCache({ instance_uuid: uuid, network_info: '[]' }),
    ...values,
  });
}

/** A resize under way of an instance from host1 to host2. */
export function newMigration(values: MigrationValues = {}): Migration {
  return new Migration({
    uuid: randomUUID(),
    source_compute: 'host1',
    source_node: 'host1',
    dest_compute: 'host2',
    dest_node: 'host2',
    instance_uuid: randomUUID(),
    status: 'migrating',
    migration_type: 'resize',
    ...values,
  });
}

export function newComputeNode(values: ComputeNodeValues = {}): ComputeNode {
  return new ComputeNode({
    host: 'host1',
    hypervisor_hostname: 'node1',
    hypervisor_type: 'fake',
    hypervisor_version: 1000,
    vcpus: 8,
    memory_mb: 32768,
    local_gb: 1000,
    vcpus_used: 0,
    memory_mb_used: 512,
    local_gb_used: 0,
    ...values,
  });
}
