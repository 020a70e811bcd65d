import type { Migration } from '@mini-nova/database';

/** Where `nova-manage db archive_deleted_rows` moves rows to: each has its original's columns, in their order. */
const archived = ['instances', 'instance_faults', 'services', 'compute_nodes', 'flavors'];

export const shadowTables: Migration = {
  version: 7,
  name: 'shadow tables',
  up: ({ emptyCopyOf }) => [
    ...archived.flatMap((table) => [
      `create table shadow_${table} ${emptyCopyOf(table)}`,
      `create index shadow_${table}_id on shadow_${table} (id)`,
    ]),
    'create index shadow_instance_faults_instance on shadow_instance_faults (instance_uuid)',
    // Deleted rows are few among many.
    'create index instances_deleted on instances (id) where deleted = true',
  ],
};
