import type { Migration } from '@mini-nova/database';

/** For the queries of each boot and each list: the index alone answers them, or finds their rows at once. */
export const indexes: Migration = {
  version: 8,
  name: 'indexes',
  up: () => [
    'create index allocations_usage on allocations (provider_uuid, resource_class, used)',
    'drop index allocations_provider',
    'create index instances_vm_state on instances (deleted, vm_state)',
  ],
};
