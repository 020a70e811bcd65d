import type { Queryable } from '../database.ts';
import type { PortRow, Timestamp } from '../schema.ts';

export async function findPort(db: Queryable, uuid: string): Promise<PortRow | undefined> {
  return db.selectFrom('ports').selectAll().where('uuid', '=', uuid).executeTakeFirst();
}

/** The ports bound to an instance, oldest first. */
export async function listPortsOfDevice(db: Queryable, deviceUuid: string): Promise<PortRow[]> {
  return db
    .selectFrom('ports')
    .selectAll()
    .where('device_uuid', '=', deviceUuid)
    .orderBy('created_at')
    .orderBy('uuid')
    .execute();
}

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
  return db
    .updateTable('ports')
    .set({ device_uuid: deviceUuid, host, updated_at: at })
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

export async function deletePort(db: Queryable, uuid: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('ports').where('uuid', '=', uuid).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
