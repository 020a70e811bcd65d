import type { Generated, Insertable, Selectable } from 'kysely';
import type { JsonText, Times } from '../columns.ts';

export interface BuildRequestsTable extends Times {
  id: Generated<number>;
  instance_uuid: string;
  project_id: string;
  instance: JsonText;
  block_device_mappings: JsonText;
  tags: JsonText;
}

export type BuildRequestRow = Selectable<BuildRequestsTable>;
export type NewBuildRequest = Insertable<BuildRequestsTable>;
