import type { Generated, Insertable, Selectable, Updateable } from 'kysely';
import type { SoftDeleted } from '../columns.ts';

/** The moves of instances. Columns have the names of the Migration object's fields. */
export interface MigrationsTable extends SoftDeleted {
  id: Generated<number>;
  /** During a move, this is also the consumer that holds what the instance has on its source. */
  uuid: string;
  source_compute: string | null;
  dest_compute: string | null;
  source_node: string | null;
  dest_node: string | null;
  /** The address of `dest_compute`. */
  dest_host: string | null;
  old_instance_type_id: number | null;
  new_instance_type_id: number | null;
  instance_uuid: string | null;
  status: string | null;
  migration_type: string;
  hidden: Generated<boolean>;
  /** Bytes, like the other sizes. */
  memory_total: number | null;
  memory_processed: number | null;
  memory_remaining: number | null;
  disk_total: number | null;
  disk_processed: number | null;
  disk_remaining: number | null;
  cross_cell_move: Generated<boolean>;
  user_id: string | null;
  project_id: string | null;
}

export type MigrationRow = Selectable<MigrationsTable>;
export type NewMigration = Insertable<MigrationsTable>;
export type MigrationChanges = Updateable<MigrationsTable>;
