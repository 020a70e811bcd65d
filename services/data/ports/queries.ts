import { randomBytes, randomUUID } from 'node:crypto';
import {
  databaseTimestamp,
  idempotent,
  isUniqueViolation,
  onlyRow,
  preparedQuery,
  type Timestamp,
} from '@mini-nova/database';
import { sql } from 'kysely';
import type { Database, Queryable } from '../database.ts';
import { hasEnded } from '../instances/queries.ts';
import { NetworkMissing } from '../networks/errors.ts';
import { formatIpv4, type Ipv4Range, parseCidr, parseIpv4 } from '../networks/queries.ts';
import type { NetworkRow } from '../networks/table.ts';
import { AddressesExhausted, AddressInUse, AddressNotAllocatable } from './errors.ts';
import type { NewPort, PortRow } from './table.ts';

export async function findPort(db: Queryable, uuid: string): Promise<PortRow | undefined> {
  return db.selectFrom('ports').selectAll().where('uuid', '=', uuid).executeTakeFirst();
}

/** A port that the project can use: unbound, or bound to an instance of the project. */
export async function findPortFor(
  db: Queryable,
  uuid: string,
  projectId: string | null,
): Promise<PortRow | undefined> {
  return db
    .selectFrom('ports')
    .leftJoin('instances', 'instances.uuid', 'ports.device_uuid')
    .selectAll('ports')
    .where('ports.uuid', '=', uuid)
    .where((eb) =>
      eb.or([
        eb('ports.device_uuid', 'is', null),
        eb.and([
          eb('instances.uuid', 'is not', null),
          projectId === null
            ? eb('instances.project_id', 'is', null)
            : eb('instances.project_id', '=', projectId),
        ]),
      ]),
    )
    .executeTakeFirst();
}

/** The ports bound to an instance, in the order in which they were requested. */
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

/** The ports bound on a host, those of each instance in the order in which they were requested. */
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

/** The instances that will never use their ports, by their records: they are deleted, or in ERROR on no host. */
export async function listEndedDevices(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('ports')
    .innerJoin('instances', 'instances.uuid', 'ports.device_uuid')
    .select('instances.uuid')
    .distinct()
    .where(hasEnded())
    .execute();
  return rows.map(({ uuid }) => uuid);
}

/** The index of an instance's next port. The instance's row must be locked, or two ports may get the same index. */
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

/** Binds a port that is free, or already this device's (its host may change). Undefined: there is no such port. */
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

/** Binds all the device's ports to a host: an instance that is built again elsewhere keeps its addresses. */
export async function movePorts(db: Queryable, { deviceUuid, host, at }: PortBinding): Promise<PortRow[]> {
  return db
    .updateTable('ports')
    .set({ host, updated_at: at })
    .where('device_uuid', '=', deviceUuid)
    .returningAll()
    .execute();
}

/** Releases one port of the device, or all: ports made for it are deleted, those of the user are unbound. */
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

/** False: it did not exist, perhaps since a first try deleted it and the answer was lost. */
export async function deletePort(db: Queryable, uuid: string): Promise<boolean> {
  const { numDeletedRows } = await idempotent(db)
    .deleteFrom('ports')
    .where('uuid', '=', uuid)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

export interface PortRequest {
  networkUuid: string;
  /** The instance it is for; null: a port that nobody uses yet. */
  deviceUuid: string | null;
  host: string | null;
  /** Default: the lowest free address. */
  fixedIp?: string | null;
  /** Default true: the port is deleted with its instance. */
  createdForInstance?: boolean;
}

/** The most tries when the MAC address is taken, or another writer took the IP address. */
const ATTEMPTS = 5;

/**
 * Creates a port with an address from the network's range (without the gateway) and a MAC address, in one transaction. No two
 * ports of a network ever have the same address, however many are created at once.
 * @throws NetworkMissing, AddressesExhausted, AddressInUse, AddressNotAllocatable
 */
export async function allocatePort(db: Database, request: PortRequest): Promise<PortRow> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction((trx) => allocatePortIn(trx, request));
    } catch (error) {
      if (attempt === ATTEMPTS || !isUniqueViolation(error)) throw error;
    }
  }
}

/**
 * As {@link allocatePort}, within the caller's transaction. If the random MAC address is taken (one in 2^24), it fails with a
 * unique violation, which ends the caller's transaction.
 */
export async function allocatePortIn(trx: Queryable, request: PortRequest): Promise<PortRow> {
  const network = await lockNetwork(trx, request.networkUuid);
  const ipNumber =
    typeof request.fixedIp === 'string'
      ? await checkAddress(trx, network, request.fixedIp)
      : await lowestFreeAddress(trx, network);
  const { rows } = await insert(trx, {
    uuid: randomUUID(),
    network_uuid: network.uuid,
    mac_address: randomMac(),
    ip_address: formatIpv4(ipNumber),
    ip_number: ipNumber,
    device_uuid: request.deviceUuid,
    device_index: request.deviceUuid === null ? 0 : await nextDeviceIndex(trx, request.deviceUuid),
    host: request.host,
    created_for_instance: request.createdForInstance ?? true,
    created_at: databaseTimestamp(trx),
  });
  return onlyRow(rows);
}

const insert = preparedQuery((db: Queryable, port: NewPort) =>
  db.insertInto('ports').values(port).returningAll(),
);

/** The values of a port whose record was lost. */
export interface LostPort {
  uuid: string;
  networkUuid: string;
  macAddress: string;
  ipAddress: string;
  ipNumber: number;
  deviceUuid: string;
  host: string;
  createdForInstance: boolean;
  at: Timestamp;
}

/** Recreates a port whose record was lost. False: another port has one of its addresses. */
export async function restorePort(trx: Queryable, port: LostPort): Promise<boolean> {
  await lockNetwork(trx, port.networkUuid);
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('ports')
    .values({
      uuid: port.uuid,
      network_uuid: port.networkUuid,
      mac_address: port.macAddress,
      ip_address: port.ipAddress,
      ip_number: port.ipNumber,
      device_uuid: port.deviceUuid,
      device_index: await nextDeviceIndex(trx, port.deviceUuid),
      host: port.host,
      created_for_instance: port.createdForInstance,
      created_at: port.at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** An update without a change locks the row on both dialects, so that allocations in one network run one after another. */
async function lockNetwork(trx: Queryable, uuid: string): Promise<NetworkRow> {
  const { rows } = await touchNetwork(trx, { uuid });
  const [network] = rows;
  if (network === undefined) throw new NetworkMissing(uuid);
  return network;
}

const touchNetwork = preparedQuery((db: Queryable, { uuid }: { uuid: string }) =>
  db
    .updateTable('networks')
    .set((eb) => ({ uuid: eb.ref('uuid') }))
    .where('uuid', '=', uuid)
    .returningAll(),
);

async function checkAddress(trx: Queryable, network: NetworkRow, address: string): Promise<number> {
  const { first, last } = parseCidr(network.cidr);
  const ipNumber = parseIpv4(address);
  if (ipNumber === null || ipNumber < first || ipNumber > last || address === network.gateway) {
    throw new AddressNotAllocatable(address, network.cidr);
  }
  const holder = await trx
    .selectFrom('ports')
    .select('uuid')
    .where('network_uuid', '=', network.uuid)
    .where('ip_number', '=', ipNumber)
    .executeTakeFirst();
  if (holder !== undefined) throw new AddressInUse(address);
  return ipNumber;
}

/** The first number of the range, or the lowest successor of a taken one, that is not taken itself. */
async function lowestFreeAddress(trx: Queryable, network: NetworkRow): Promise<number> {
  const { first, last }: Ipv4Range = parseCidr(network.cidr);
  const gateway = parseIpv4(network.gateway) ?? first;
  const free =
    (await afterHighest(trx, network.uuid, first, gateway)) ??
    (await firstGap(trx, network.uuid, first, gateway));
  if (free === null || free > last) throw new AddressesExhausted(network.uuid);
  return free;
}

/** The successor of the highest taken number. Undefined: there may be a lower one. */
async function afterHighest(
  trx: Queryable,
  networkUuid: string,
  first: number,
  gateway: number,
): Promise<number | undefined> {
  const { rows } = await takenOf(trx, { networkUuid });
  const [taken] = rows;
  const highest = Math.max(Number(taken?.highest ?? first - 1), gateway);
  const count = Number(taken?.count ?? 0) + 1;
  return highest - first + 1 === count ? highest + 1 : undefined;
}

const takenOf = preparedQuery((db: Queryable, { networkUuid }: { networkUuid: string }) =>
  db
    .selectFrom('ports')
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.max('ip_number').as('highest')])
    .where('network_uuid', '=', networkUuid),
);

async function firstGap(
  trx: Queryable,
  networkUuid: string,
  first: number,
  gateway: number,
): Promise<number | null> {
  const { rows } = await sql<{ free: number | null }>`
    with taken(ip) as (
      select ip_number from ports where network_uuid = ${networkUuid}
      union all select cast(${gateway} as bigint)
      union all select cast(${first - 1} as bigint)
    )
    select min(ip + 1) as free from taken where ip + 1 not in (select ip from taken)`.execute(trx);
  return rows[0]?.free ?? null;
}

function randomMac(): string {
  const tail = [...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'));
  return ['fa', '16', '3e', ...tail].join(':');
}
