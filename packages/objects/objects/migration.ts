import { nullable, withDefault } from '../fields/field.ts';
import { persistentFields } from '../fields/persistent.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { migrationType } from '../fields/vocabularies.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** A move of an instance to another host or size. Units: memory_* and disk_* bytes. */
export class Migration extends versionedObject('Migration', '1.7', {
  id: integer(),
  uuid: uuid(),
  source_compute: nullable(string()),
  dest_compute: nullable(string()),
  source_node: nullable(string()),
  dest_node: nullable(string()),
  dest_host: nullable(string()),
  old_instance_type_id: nullable(integer()),
  new_instance_type_id: nullable(integer()),
  instance_uuid: nullable(string()),
  status: nullable(string()),
  migration_type: migrationType(),
  hidden: withDefault(boolean(), false),
  memory_total: nullable(integer()),
  memory_processed: nullable(integer()),
  memory_remaining: nullable(integer()),
  disk_total: nullable(integer()),
  disk_processed: nullable(integer()),
  disk_remaining: nullable(integer()),
  cross_cell_move: withDefault(boolean(), false),
  user_id: nullable(string()),
  project_id: nullable(string()),
  ...persistentFields,
}) {}

export class MigrationList extends objectList('MigrationList', '1.5', Migration) {}
