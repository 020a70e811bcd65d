import type { Generated, Insertable, Selectable } from 'kysely';
import type { JsonText, Times } from '../columns.ts';

export interface RequestSpecsTable extends Times {
  id: Generated<number>;
  instance_uuid: string;
  spec: JsonText;
}

export type RequestSpecRow = Selectable<RequestSpecsTable>;
export type NewRequestSpec = Insertable<RequestSpecsTable>;
