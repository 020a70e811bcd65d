import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { databaseTimestamp } from '../clock.ts';
import type { Database, Queryable } from '../database.ts';
import { isUniqueViolation } from '../drivers/driver-errors.ts';
import { AddressesExhausted, AddressInUse, AddressNotAllocatable, NetworkMissing } from '../errors.ts';
import { formatIpv4, type Ipv4Range, parseCidr, parseIpv4 } from '../ipv4.ts';
import type { NetworkRow, PortRow, Timestamp } from '../schema.ts';
import { nextDeviceIndex } from './ports.ts';

export interface PortRequest {
  networkUuid: string;
  /** The instance it is for; null: a port that nobody uses yet. */
  deviceUuid: string | null;
  host: string | null;
  /** Default: the lowest free address. */
  fixedIp?: string | null;
  /** Default true: the port goes when its instance does. */
  createdForInstance?: boolean;
}

/** Tries when another port took the MAC address, or a writer outside this function the IP address. */
const ATTEMPTS = 5;

/**
 * Makes a port with an address of the network's range (gateway left out) and a MAC address, in one transaction. No
 * two ports of a network ever have the same address, however many are made at once.
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
 * As {@link allocatePort}, as a part of the caller's transaction. A MAC address drawn twice (one in 2^24) fails as a
 * unique violation, which the caller's transaction does not survive.
 */
export async function allocatePortIn(trx: Queryable, request: PortRequest): Promise<PortRow> {
  const network = await lockNetwork(trx, request.networkUuid);
  const ipNumber =
    typeof request.fixedIp === 'string'
      ? await checkAddress(trx, network, request.fixedIp)
      : await lowestFreeAddress(trx, network);
  return trx
    .insertInto('ports')
    .values({
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
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A port as it was. */
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

/** Makes a port again whose record was lost. False: another has one of its addresses. */
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

/** An update that changes nothing holds the row on both dialects, so allocations of one network queue up. */
async function lockNetwork(trx: Queryable, uuid: string): Promise<NetworkRow> {
  const network = await trx
    .updateTable('networks')
    .set((eb) => ({ uuid: eb.ref('uuid') }))
    .where('uuid', '=', uuid)
    .returningAll()
    .executeTakeFirst();
  if (network === undefined) throw new NetworkMissing(uuid);
  return network;
}

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
  const { rows } = await sql<{ free: number | null }>`
    with taken(ip) as (
      select ip_number from ports where network_uuid = ${network.uuid}
      union all select cast(${gateway} as bigint)
      union all select cast(${first - 1} as bigint)
    )
    select min(ip + 1) as free from taken where ip + 1 not in (select ip from taken)`.execute(trx);
  const free = rows[0]?.free ?? null;
  if (free === null || free > last) throw new AddressesExhausted(network.uuid);
  return free;
}

function randomMac(): string {
  const tail = [...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'));
  return ['fa', '16', '3e', ...tail].join(':');
}
