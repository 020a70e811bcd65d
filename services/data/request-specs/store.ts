import { databaseTimestamp, idempotent, onlyRow, preparedQuery, type Timestamp } from '@mini-nova/database';
import type { JsonValue } from '@mini-nova/messaging';
import { RequestSpec } from '@mini-nova/objects';
import type { JsonText } from '../columns.ts';
import type { Queryable } from '../database.ts';
import type { NewRequestSpec, RequestSpecRow } from './table.ts';

/** The request specs of instances, kept so that an instance can be scheduled again. */
export class RequestSpecStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  async findByInstanceUuid(uuid: string): Promise<RequestSpec | undefined> {
    const row = await findRequestSpec(this.#db, uuid);
    return row && toSpec(row);
  }

  /** Stores a new spec; it gets its id. If the instance already has one, the database reports a unique violation. */
  async create(spec: RequestSpec): Promise<void> {
    const text = toText(spec);
    const row = await insertRequestSpec(this.#db, {
      instance_uuid: spec.instance_uuid,
      spec: text,
      created_at: databaseTimestamp(this.#db),
      updated_at: null,
    });
    spec.id = row.id;
    spec.resetChanges();
  }

  /** Stores the spec's present values. False: its instance has none. */
  async save(spec: RequestSpec): Promise<boolean> {
    const row = await updateRequestSpec(
      this.#db,
      spec.instance_uuid,
      toText(spec),
      databaseTimestamp(this.#db),
    );
    if (row) spec.resetChanges();
    return row !== undefined;
  }

  /** False: there was none. */
  async delete(instanceUuid: string): Promise<boolean> {
    return deleteRequestSpec(this.#db, instanceUuid);
  }
}

/** Past attempts and hosts to avoid belong to one request, not to the instance, so they are not stored. */
function toText(spec: RequestSpec): string {
  const stored = spec.clone();
  if (stored.has('retry')) stored.retry = null;
  if (stored.has('ignore_hosts')) stored.ignore_hosts = null;
  stored.resetChanges();
  return JSON.stringify(stored.toPrimitive());
}

function toSpec(row: RequestSpecRow): RequestSpec {
  const spec = RequestSpec.fromPrimitive(JSON.parse(row.spec) as JsonValue);
  spec.id = row.id;
  spec.resetChanges();
  return spec;
}

/** Each instance has one: a second is a unique violation. */
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

/** False: there was none, perhaps since a first try deleted it and the answer was lost. */
export async function deleteRequestSpec(db: Queryable, instanceUuid: string): Promise<boolean> {
  const { numDeletedRows } = await idempotent(db)
    .deleteFrom('request_specs')
    .where('instance_uuid', '=', instanceUuid)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
