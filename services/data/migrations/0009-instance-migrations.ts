import { type Migration, softDelete } from '@mini-nova/database';

/** The migrations of instances, with Nova's columns and indexes, and their shadow table for `db archive_deleted_rows`. */
export const instanceMigrations: Migration = {
  version: 9,
  name: 'instance migrations',
  up: ({ id, emptyCopyOf }) => [
    `create table migrations (
      id ${id},
      uuid text not null unique,
      source_compute text,
      dest_compute text,
      source_node text,
      dest_node text,
      dest_host text,
      old_instance_type_id integer,
      new_instance_type_id integer,
      instance_uuid text,
      status text,
      migration_type text not null,
      hidden boolean not null default false,
      memory_total bigint,
      memory_processed bigint,
      memory_remaining bigint,
      disk_total bigint,
      disk_processed bigint,
      disk_remaining bigint,
      cross_cell_move boolean not null default false,
      user_id text,
      project_id text,
      ${softDelete}
    )`,
    'create index migrations_instance on migrations (deleted, instance_uuid, status)',
    `create index migrations_hosts
      on migrations (deleted, source_compute, dest_compute, source_node, dest_node, status)`,
    `create table shadow_migrations ${emptyCopyOf('migrations')}`,
    'create index shadow_migrations_id on shadow_migrations (id)',
    'create index shadow_migrations_instance on shadow_migrations (instance_uuid)',
  ],
};
