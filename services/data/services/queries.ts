import type { Timestamp } from '@mini-nova/database';
import { idempotent } from '@mini-nova/database';
import type { ExpressionBuilder } from 'kysely';
import type { Queryable, Schema } from '../database.ts';
import type { NewService, ServiceChanges, ServiceRow } from './table.ts';

export interface ServiceFilters {
  host?: string;
  binary?: string;
  disabled?: boolean;
}

/** Of the living services one host and binary has only one: a second is a unique violation. */
export async function insertService(db: Queryable, service: NewService): Promise<ServiceRow> {
  return db.insertInto('services').values(service).returningAll().executeTakeFirstOrThrow();
}

export async function findService(
  db: Queryable,
  host: string,
  binary: string,
): Promise<ServiceRow | undefined> {
  return living(db).where('host', '=', host).where('binary', '=', binary).executeTakeFirst();
}

export async function findServiceById(db: Queryable, id: number): Promise<ServiceRow | undefined> {
  return living(db).where('id', '=', id).executeTakeFirst();
}

export async function findServiceByUuid(db: Queryable, uuid: string): Promise<ServiceRow | undefined> {
  return living(db).where('uuid', '=', uuid).executeTakeFirst();
}

/** Oldest first. */
export async function listServices(db: Queryable, filters: ServiceFilters = {}): Promise<ServiceRow[]> {
  const { host, binary, disabled } = filters;
  let query = living(db).orderBy('id');
  if (host !== undefined) query = query.where('host', '=', host);
  if (binary !== undefined) query = query.where('binary', '=', binary);
  if (disabled !== undefined) query = query.where('disabled', '=', disabled);
  return query.execute();
}

/** What the living services know of their clocks, by service id. */
export async function listClockSkews(db: Queryable): Promise<Map<number, number>> {
  const rows = await living(db).where('clock_skew', 'is not', null).execute();
  return new Map(rows.map(({ id, clock_skew }) => [id, clock_skew ?? 0]));
}

/**
 * A record as its holder knows it. An id alone may have become another's, when the database was restored or made anew under
 * daemons that run; so it counts only together with the uuid, where the holder knows it.
 */
export interface ServiceKey {
  id: number;
  uuid?: string | undefined;
}

export async function updateService(
  db: Queryable,
  key: ServiceKey,
  changes: ServiceChanges,
): Promise<ServiceRow | undefined> {
  return idempotent(db)
    .updateTable('services')
    .set(changes)
    .where(isLiving(key))
    .returningAll()
    .executeTakeFirst();
}

/**
 * One report: raises report_count (twice perhaps, when an answer was lost), sets last_seen_up, and notes the clock's skew.
 * Undefined: the record is gone.
 */
export async function recordHeartbeat(
  db: Queryable,
  key: ServiceKey,
  at: Timestamp,
  clockSkew: number | null = null,
): Promise<ServiceRow | undefined> {
  return idempotent(db)
    .updateTable('services')
    .set((eb) => ({
      report_count: eb('report_count', '+', 1),
      last_seen_up: at,
      updated_at: at,
      clock_skew: clockSkew,
    }))
    .where(isLiving(key))
    .returningAll()
    .executeTakeFirst();
}

export async function softDeleteService(db: Queryable, key: ServiceKey, at: Timestamp): Promise<boolean> {
  const row = await updateService(db, key, { deleted: true, deleted_at: at });
  return row !== undefined;
}

function living(db: Queryable) {
  return db.selectFrom('services').selectAll().where('deleted', '=', false);
}

function isLiving({ id, uuid }: ServiceKey) {
  return (eb: ExpressionBuilder<Schema, 'services'>) =>
    eb.and([
      eb('id', '=', id),
      eb('deleted', '=', false),
      ...(uuid === undefined ? [] : [eb('uuid', '=', uuid)]),
    ]);
}
