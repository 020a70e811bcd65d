import type { Timestamp } from '@mini-nova/database';
import { idempotent, preparedQuery } from '@mini-nova/database';
import type { Queryable } from '../database.ts';
import { isBetweenHosts } from '../instance-migrations/queries.ts';
import type { PortRow } from './table.ts';

export async function findPort(db: Queryable, uuid: string): Promise<PortRow | undefined> {
  return db.selectFrom('ports').selectAll().where('uuid', '=', uuid).executeTakeFirst();
}

/** The ports bound to an instance, in the order they were asked for. */
export async function listPortsOfDevice(db: Queryable, deviceUuid: string): Promise<PortRow[]> {
  const { rows } = await portsOfDevice(db, { deviceUuid });
  return rows;
}

const portsOfDevice = preparedQuery((db: Queryable, { deviceUuid }: { deviceUuid: string }) =>
  db
    .selectFrom('ports')
    .selectAll()
    .where('device_uuid', '=', deviceUuid)
    .orderBy('device_index')
    .orderBy('uuid'),
);

/** The ports bound on a host, each instance's in the order they were asked for. */
export async function listPortsOfHost(db: Queryable, host: string): Promise<PortRow[]> {
  return db
    .selectFrom('ports')
    .selectAll()
    .where('host', '=', host)
    .where('device_uuid', 'is not', null)
    .orderBy('device_index')
    .orderBy('uuid')
    .execute();
}

/** The instances with ports that they will never use, as their records say: they are deleted, or in ERROR on no host. */
export async function listEndedDevices(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('ports')
    .innerJoin('instances', 'instances.uuid', 'ports.device_uuid')
    .select('instances.uuid')
    .distinct()
    .where((eb) =>
      eb.or([
        eb('instances.deleted', '=', true),
        eb.and([
          eb('instances.vm_state', '=', 'error'),
          eb('instances.host', 'is', null),
          eb.not(isBetweenHosts('instances.uuid')),
        ]),
      ]),
    )
    .execute();
  return rows.map(({ uuid }) => uuid);
}

/** The place of an instance's next port. The instance's row is locked meanwhile, or its ports may share a place. */
export async function nextDeviceIndex(db: Queryable, deviceUuid: string): Promise<number> {
  const { rows } = await lastIndexOfDevice(db, { deviceUuid });
  const last = rows[0]?.last ?? null;
  return last === null ? 0 : Number(last) + 1;
}

const lastIndexOfDevice = preparedQuery((db: Queryable, { deviceUuid }: { deviceUuid: string }) =>
  db
    .selectFrom('ports')
    .select((eb) => eb.fn.max('device_index').as('last'))
    .where('device_uuid', '=', deviceUuid),
);

export interface PortBinding {
  deviceUuid: string;
  host: string | null;
  at: Timestamp;
}

/** Binds a port that is free, or this device's already (its host may change). Undefined: there is no such port. */
export async function bindPort(
  db: Queryable,
  uuid: string,
  { deviceUuid, host, at }: PortBinding,
): Promise<PortRow | undefined> {
  const next = await nextDeviceIndex(db, deviceUuid);
  return db
    .updateTable('ports')
    .set((eb) => ({
      device_uuid: deviceUuid,
      device_index: eb
        .case()
        .when('device_uuid', '=', deviceUuid)
        .then(eb.ref('device_index'))
        .else(next)
        .end(),
      host,
      updated_at: at,
    }))
    .where('uuid', '=', uuid)
    .where((eb) => eb.or([eb('device_uuid', 'is', null), eb('device_uuid', '=', deviceUuid)]))
    .returningAll()
    .executeTakeFirst();
}

/** Sets all the device's ports to a host: an instance that is built again elsewhere keeps its addresses. */
export async function movePorts(db: Queryable, { deviceUuid, host, at }: PortBinding): Promise<PortRow[]> {
  return db
    .updateTable('ports')
    .set({ host, updated_at: at })
    .where('device_uuid', '=', deviceUuid)
    .returningAll()
    .execute();
}

/** Frees one port of the device, or all: those made for it are deleted, those it was given are unbound. */
export async function releasePorts(
  db: Queryable,
  { deviceUuid, portUuid, at }: { deviceUuid: string; portUuid?: string; at: Timestamp },
): Promise<void> {
  let made = db
    .deleteFrom('ports')
    .where('device_uuid', '=', deviceUuid)
    .where('created_for_instance', '=', true);
  let given = db
    .updateTable('ports')
    .set({ device_uuid: null, host: null, updated_at: at })
    .where('device_uuid', '=', deviceUuid);
  if (portUuid !== undefined) {
    made = made.where('uuid', '=', portUuid);
    given = given.where('uuid', '=', portUuid);
  }
  await made.execute();
  await given.execute();
}

/** False: there was none, or it went when an answer was lost. */
export async function deletePort(db: Queryable, uuid: string): Promise<boolean> {
  const { numDeletedRows } = await idempotent(db)
    .deleteFrom('ports')
    .where('uuid', '=', uuid)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
