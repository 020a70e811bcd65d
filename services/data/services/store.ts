import { randomUUID } from 'node:crypto';
import {
  clockOf,
  type DatabaseClock,
  databaseNow,
  databaseTimestamp,
  idempotent,
  isUniqueViolation,
  isWithin,
  type Timestamp,
} from '@mini-nova/database';
import { ServiceNotFound } from '@mini-nova/domain/exceptions';
import { SEEN_WHEN_STOPPED } from '@mini-nova/domain/liveness';
import { type ChangesOf, Service, ServiceList } from '@mini-nova/objects';
import type { ExpressionBuilder } from 'kysely';
import type { Queryable, Schema } from '../database.ts';
import { RowCodec, setByStore } from '../row-codec.ts';
import type { NewService, ServiceChanges, ServiceRow } from './table.ts';

/** Fields without a column: the compute node is another record. */
const unstored = new Set(['compute_node']);

const codec = new RowCodec<Service, ServiceRow>({
  type: Service,
  columns: Object.keys(Service.fields).filter((field) => !unstored.has(field)) as (keyof ServiceRow)[],
});

/** Identifies a daemon and its host, for its registration. */
export interface ServiceIdentity {
  host: string;
  binary: string;
  topic: string;
  /** The service version that it announces. */
  version: number;
}

/** The service records in the database. */
export class ServiceStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** The clock by which the records are dated. */
  get clock(): DatabaseClock {
    return clockOf(this.#db);
  }

  async getByHostAndBinary(host: string, binary: string): Promise<Service | undefined> {
    const row = await findService(this.#db, host, binary);
    return row && codec.toObject(row);
  }

  /** @throws ServiceNotFound */
  async getById(id: number): Promise<Service> {
    return codec.toObject(found(await findServiceById(this.#db, id), id));
  }

  /** @throws ServiceNotFound */
  async getByUuid(uuid: string): Promise<Service> {
    return codec.toObject(found(await findServiceByUuid(this.#db, uuid), uuid));
  }

  /** Oldest first. */
  async list(filters: ServiceFilters = {}): Promise<ServiceList> {
    const rows = await listServices(this.#db, filters);
    return ServiceList.hydrate({ objects: rows.map((row) => codec.toObject(row)) });
  }

  /** Stores a new record. If the host already has one for this binary, the database reports a unique violation. */
  async create(service: Service): Promise<void> {
    const { id: _assigned, ...values } = codec.toRow(service);
    const { uuid = randomUUID() } = service.values();
    const host = service.host ?? '';
    const binary = service.binary ?? '';
    const row = await insertService(this.#db, {
      ...values,
      uuid,
      host,
      binary,
      created_at: databaseTimestamp(this.#db),
    });
    codec.adopt(service, row);
  }

  /** The daemon's record with its present topic and version, created if there is none. Counts as a heartbeat. */
  async register({ host, binary, topic, version }: ServiceIdentity): Promise<Service> {
    const last_seen_up = databaseNow(this.#db);
    const service = new Service({ host, binary, topic, version, last_seen_up });
    try {
      await this.create(service);
      return service;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
    const known = found(await findService(this.#db, host, binary), `${binary} on ${host}`);
    const changes = {
      topic,
      version,
      last_seen_up: last_seen_up.toISOString(),
      updated_at: databaseTimestamp(this.#db),
    };
    return codec.toObject(found(await updateService(this.#db, known, changes), known.id));
  }

  /** Stores the changed fields. @throws ServiceNotFound */
  async save(service: Service): Promise<string[]> {
    return this.#store(service, service);
  }

  /** Stores these values, and no others; the service object gets them once they are stored. @throws ServiceNotFound */
  async update(service: Service, changes: ChangesOf<Service>): Promise<string[]> {
    return this.#store(service, service.withChanges(changes));
  }

  /** Stores the changed fields of `wanted`, and brings `service` up to date. */
  async #store(service: Service, wanted: Service): Promise<string[]> {
    const changed = wanted.changes().filter((field) => codec.stores(field) && !setByStore.includes(field));
    if (changed.length === 0) return [];
    const changes = { ...codec.toRow(wanted, changed), updated_at: databaseTimestamp(this.#db) };
    const row = found(await updateService(this.#db, keyOf(service), changes), service.id);
    return [...new Set([...changed, ...codec.refresh(service, row, [...setByStore, ...changed])])].sort();
  }

  /**
   * Counts the report and records its time.
   *
   * @param clockSkew seconds by which the daemon's clock is ahead of the database's; null: unknown
   * @throws ServiceNotFound when the record was deleted
   */
  async heartbeat(service: Service, clockSkew: number | null = null): Promise<void> {
    const at = databaseTimestamp(this.#db);
    const row = found(await recordHeartbeat(this.#db, keyOf(service), at, clockSkew), service.id);
    codec.refresh(service, row, ['report_count', 'last_seen_up', 'updated_at']);
  }

  /** The daemon has stopped in order: it counts as down at once. @throws ServiceNotFound when the record was deleted */
  async markStopped(service: Service): Promise<void> {
    await this.update(service, { last_seen_up: SEEN_WHEN_STOPPED });
  }

  /** Marks the record as deleted. False: it already was. */
  async delete(service: Service): Promise<boolean> {
    return softDeleteService(this.#db, keyOf(service), databaseTimestamp(this.#db));
  }

  /** Seconds by which daemons' clocks are ahead of the database's, by service id, for those that have reported it. */
  clockSkews(): Promise<Map<number, number>> {
    return listClockSkews(this.#db);
  }

  /** See `isServiceUp`. In an outage of the database, and until all have had time to report again, services that were up stay up. */
  isUp(service: Service, downTime: number, now = databaseNow(this.#db)): boolean {
    return isServiceUp(service, downTime + this.clock.pardon(downTime), now);
  }

  /** Whether the host's compute is up, so that it would serve a request. */
  async isComputeUp(host: string | null, downTime: number): Promise<boolean> {
    if (host === null) return false;
    const service = await this.getByHostAndBinary(host, 'nova-compute');
    return service !== undefined && this.isUp(service, downTime);
  }
}

/**
 * Whether the daemon has reported in the last `downTime` seconds and is not forced down. Being disabled is another matter: a
 * disabled service works, but gets no new instances.
 */
export function isServiceUp(service: Service, downTime: number, now: Date): boolean {
  const { forced_down = false, last_seen_up = null, created_at = null } = service.values();
  const lastSeen = last_seen_up ?? created_at;
  return !forced_down && lastSeen !== null && isWithin(downTime, lastSeen, now);
}

/** Whether the daemon has stopped in order, and not started since. */
export function hasStopped(service: Service): boolean {
  const { last_seen_up = null } = service.values();
  return last_seen_up !== null && last_seen_up.getTime() === SEEN_WHEN_STOPPED.getTime();
}

/** The time of the daemon's last heartbeat; if it has stopped in order, of the record's last change. */
export function lastReport(service: Service): Date | null {
  const { last_seen_up = null, created_at = null, updated_at = null } = service.values();
  return (hasStopped(service) ? updated_at : last_seen_up) ?? created_at;
}

function keyOf(service: Service): ServiceKey {
  const { uuid } = service.values();
  return { id: service.id, uuid };
}

function found(row: ServiceRow | undefined, id: number | string): ServiceRow {
  if (row === undefined) throw new ServiceNotFound({ service_id: String(id) });
  return row;
}

export interface ServiceFilters {
  host?: string;
  binary?: string;
  disabled?: boolean;
}

/** Among services that are not deleted, host and binary are unique together: a second is a unique violation. */
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

/** The clock skews that services have reported, by service id. */
export async function listClockSkews(db: Queryable): Promise<Map<number, number>> {
  const rows = await living(db).where('clock_skew', 'is not', null).execute();
  return new Map(rows.map(({ id, clock_skew }) => [id, clock_skew ?? 0]));
}

/**
 * Identifies a service record. If the database is restored or recreated while daemons run, an id may come to belong to
 * another record. So it is checked together with the uuid, if the daemon knows the uuid.
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
 * Records one heartbeat: raises report_count (perhaps twice, if an answer was lost), and sets last_seen_up and the clock's skew.
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
