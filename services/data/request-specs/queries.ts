import type { Timestamp } from '@mini-nova/database';
import { idempotent, onlyRow, preparedQuery } from '@mini-nova/database';
import type { JsonText } from '../columns.ts';
import type { Queryable } from '../database.ts';
import type { NewRequestSpec, RequestSpecRow } from './table.ts';

/** One for each instance: a second is a unique violation. */
export async function insertRequestSpec(db: Queryable, spec: NewRequestSpec): Promise<RequestSpecRow> {
  const { rows } = await insert(db, spec);
  return onlyRow(rows);
}

const insert = preparedQuery((db: Queryable, spec: NewRequestSpec) =>
  db.insertInto('request_specs').values(spec).returningAll(),
);

export async function findRequestSpec(
  db: Queryable,
  instanceUuid: string,
): Promise<RequestSpecRow | undefined> {
  return db
    .selectFrom('request_specs')
    .selectAll()
    .where('instance_uuid', '=', instanceUuid)
    .executeTakeFirst();
}

export async function updateRequestSpec(
  db: Queryable,
  instanceUuid: string,
  spec: JsonText,
  at: Timestamp,
): Promise<RequestSpecRow | undefined> {
  return idempotent(db)
    .updateTable('request_specs')
    .set({ spec, updated_at: at })
    .where('instance_uuid', '=', instanceUuid)
    .returningAll()
    .executeTakeFirst();
}

/** False: there was none, or it went when an answer was lost. */
export async function deleteRequestSpec(db: Queryable, instanceUuid: string): Promise<boolean> {
  const { numDeletedRows } = await idempotent(db)
    .deleteFrom('request_specs')
    .where('instance_uuid', '=', instanceUuid)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
