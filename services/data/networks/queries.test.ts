import { describe, expect, it } from 'vitest';
import { InvalidCidr } from './errors.ts';
import { formatIpv4, parseCidr, parseIpv4 } from './queries.ts';

describe('IPv4 addresses', () => {
  it.each([
    ['0.0.0.0', 0],
    ['10.0.0.1', 0x0a000001],
    ['200.1.2.3', 0xc8010203],
    ['255.255.255.255', 0xffffffff],
  ])('%s is the number %d, in both directions', (text, number) => {
    expect(parseIpv4(text)).toBe(number);
    expect(formatIpv4(number)).toBe(text);
  });

  it.each(['', '10.0.0', '10.0.0.256', '::1', 'host'])('%j is not one', (text) => {
    expect(parseIpv4(text)).toBeNull();
  });
});

describe('IPv4 networks', () => {
  it.each([
    ['10.0.0.0/16', '10.0.0.1', '10.0.255.254'],
    ['192.168.1.0/30', '192.168.1.1', '192.168.1.2'],
    ['240.0.0.0/8', '240.0.0.1', '240.255.255.254'],
  ])('%s has addresses for ports from %s to %s', (cidr, first, last) => {
    expect(parseCidr(cidr)).toEqual({ first: parseIpv4(first), last: parseIpv4(last) });
  });

  it.each([
    '',
    '10.0.0.0',
    '10.0.0.1/16',
    '10.0.0.0/31',
    '10.0.0.0/7',
    '10.0.0.0/33',
    'fd00::/64',
    '10.0.0/16',
  ])('%j is not one', (cidr) => {
    expect(() => parseCidr(cidr)).toThrow(InvalidCidr);
  });
});
