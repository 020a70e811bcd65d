import { isIPv4 } from 'node:net';
import { InvalidCidr } from './errors.ts';

/** Addresses as numbers from 0 to 2^32 - 1. */
export interface Ipv4Range {
  /** First and last address a port can have, the network's and the broadcast address left out. */
  first: number;
  last: number;
}

/** @throws InvalidCidr for anything but a.b.c.d/8 to /30 without host bits */
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
