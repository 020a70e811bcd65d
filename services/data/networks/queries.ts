import { randomUUID } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { databaseTimestamp, idempotent, preparedQuery } from '@mini-nova/database';
import type { Queryable } from '../database.ts';
import { InvalidCidr } from './errors.ts';
import type { NetworkRow } from './table.ts';

export interface NetworkRequest {
  label: string;
  /** An IPv4 network from /8 to /30. Its first address is the gateway's. */
  cidr: string;
}

/**
 * The network with this label, created if it does not exist. An existing one keeps its range, since its ports have addresses
 * from it.
 * @throws InvalidCidr
 */
export async function ensureNetwork(db: Queryable, { label, cidr }: NetworkRequest): Promise<NetworkRow> {
  const gateway = formatIpv4(parseCidr(cidr).first);
  const uuid = randomUUID();
  await idempotent(db)
    .insertInto('networks')
    .values({
      uuid,
      label,
      cidr,
      gateway,
      bridge: `br-${uuid.slice(0, 11)}`,
      mtu: 1500,
      created_at: databaseTimestamp(db),
    })
    .onConflict((conflict) => conflict.column('label').doNothing())
    .execute();
  return db.selectFrom('networks').selectAll().where('label', '=', label).executeTakeFirstOrThrow();
}

export async function findNetwork(db: Queryable, uuid: string): Promise<NetworkRow | undefined> {
  const { rows } = await ofUuid(db, { uuid });
  return rows[0];
}

const ofUuid = preparedQuery((db: Queryable, { uuid }: { uuid: string }) =>
  db.selectFrom('networks').selectAll().where('uuid', '=', uuid),
);

export async function findNetworkByLabel(db: Queryable, label: string): Promise<NetworkRow | undefined> {
  const { rows } = await ofLabel(db, { label });
  return rows[0];
}

const ofLabel = preparedQuery((db: Queryable, { label }: { label: string }) =>
  db.selectFrom('networks').selectAll().where('label', '=', label),
);

/** Oldest first. */
export async function listNetworks(db: Queryable): Promise<NetworkRow[]> {
  return db.selectFrom('networks').selectAll().orderBy('created_at').orderBy('uuid').execute();
}

/** Addresses as numbers from 0 to 2^32 - 1. */
export interface Ipv4Range {
  /** The first address that a port can have, after the network's own. */
  first: number;
  last: number;
}

/** @throws InvalidCidr unless it is a.b.c.d/8 to /30 without host bits */
export function parseCidr(cidr: string): Ipv4Range {
  const [, address = '', prefix = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(cidr) ?? [];
  const size = 2 ** (32 - Number(prefix));
  const base = parseIpv4(address);
  if (base === null || size < 4 || size > 2 ** 24 || base % size !== 0) throw new InvalidCidr(cidr);
  return { first: base + 1, last: base + size - 2 };
}

/** null: not an IPv4 address. */
export function parseIpv4(address: string): number | null {
  if (!isIPv4(address)) return null;
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

export function formatIpv4(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** A network with the addresses that its range makes. */
export interface AddressedNetwork extends NetworkRow {
  netmask: string;
  broadcast: string;
  /** The first that a port can have. */
  dhcp_start: string;
}

export function withAddresses(network: NetworkRow): AddressedNetwork {
  const { first, last } = parseCidr(network.cidr);
  const size = last - first + 3;
  return {
    ...network,
    netmask: formatIpv4(2 ** 32 - size),
    broadcast: formatIpv4(last + 1),
    dhcp_start: formatIpv4(first + 1),
  };
}
