import { Instance, SecurityGroupList, TagList } from '@mini-nova/objects';
import { RowCodec } from '../row-codec.ts';
import type { InstanceRow } from './table.ts';

/** Nested values: JSON text in the row. */
const json = [
  'metadata',
  'system_metadata',
  'info_cache',
  'security_groups',
  'flavor',
  'old_flavor',
  'new_flavor',
  'numa_topology',
  'pci_requests',
  'pci_devices',
  'device_metadata',
  'tags',
  'vcpu_model',
  'ec2_ids',
  'keypairs',
  'trusted_certs',
  'resources',
  'migration_context',
] as const satisfies (keyof InstanceRow)[];

/** Fields that are no column: they are other records. */
const unstored = new Set(['services', 'fault']);

const columns = Object.keys(Instance.fields).filter((field) => !unstored.has(field)) as (keyof InstanceRow)[];

export const instanceCodec = new RowCodec<Instance, InstanceRow>({
  type: Instance,
  columns,
  json,
  empty: (instance) => {
    if (!instance.has('metadata')) instance.metadata = {};
    if (!instance.has('system_metadata')) instance.system_metadata = {};
    if (!instance.has('security_groups')) instance.security_groups = new SecurityGroupList();
    if (!instance.has('tags')) instance.tags = new TagList();
  },
});
