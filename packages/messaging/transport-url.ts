import { maskUrl } from '@mini-nova/masking';
import { InvalidTransportURL } from './errors.ts';

/** `scheme://user:password@host:port,user:password@host2:port/virtual_host?option=value`, taken apart. */
export interface TransportUrl {
  scheme: string;
  /** In the order given; empty when the URL names none (`memory://`). */
  hosts: TransportHost[];
  /** Percent-decoded; '' when the URL has none. */
  virtualHost: string;
  query: Record<string, string>;
}

/** One host of a transport URL, with user and password percent-decoded; what the URL leaves out is absent. */
export interface TransportHost {
  hostname: string;
  port?: number;
  username?: string;
  password?: string;
}

/** @throws InvalidTransportURL, with passwords masked */
export function parseTransportUrl(url: string): TransportUrl {
  if (typeof url !== 'string') throw new InvalidTransportURL(String(url), 'it is no text');
  const refuse = (reason: string): never => {
    throw new InvalidTransportURL(maskUrl(url), reason);
  };
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(#.*)?$/is.exec(url);
  if (match === null) return refuse('it has no scheme (such as rabbit://)');
  const [, scheme = '', authority = '', path = '', query = '', fragment] = match;
  if (fragment !== undefined) return refuse('"#" must be written %23');
  const decode = (text: string): string => decodePercent(text, refuse);
  const hosts = authority.split(',').filter((host) => host !== '');
  const end = scheme.length + '://'.length + authority.length;
  const lastAt = url.lastIndexOf('@');
  return {
    scheme: scheme.toLowerCase(),
    hosts: hosts.map((host, index) => {
      const isCutPassword = lastAt > end || (!host.includes('@') && hosts.slice(index).join().includes('@'));
      return parseHost(host, decode, isCutPassword ? () => refuse(CUT_PASSWORD) : refuse);
    }),
    virtualHost: decode(path),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** What looks like a host with a wrong port may be the beginning of a password, which errors must not reveal. */
const CUT_PASSWORD = 'in user and password, "/", "," and "?" must be written %2F, %2C and %3F';

type Refuse = (reason: string) => never;

function parseHost(text: string, decode: (text: string) => string, refuse: Refuse): TransportHost {
  const at = text.lastIndexOf('@');
  const host: TransportHost = parseAddress(text.slice(at + 1), refuse);
  if (at < 0) return host;
  const credentials = text.slice(0, at);
  const colon = credentials.indexOf(':');
  if (colon < 0) return { ...host, username: decode(credentials) };
  return {
    ...host,
    username: decode(credentials.slice(0, colon)),
    password: decode(credentials.slice(colon + 1)),
  };
}

function parseAddress(address: string, refuse: Refuse): TransportHost {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(address);
  if (match === null) return refuse(`"${address}" is not host:port (an IPv6 address goes in brackets)`);
  const [, ipv6, name, portText = ''] = match;
  const hostname = ipv6 ?? name ?? '';
  if (hostname === '') return refuse('a host has no name');
  if (portText === '') return { hostname };
  const port = Number(portText);
  if (port < 1 || port > 65535) return refuse(`port ${portText} is not between 1 and 65535`);
  return { hostname, port };
}

function decodePercent(text: string, refuse: Refuse): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return refuse('"%" must be followed by two hexadecimal digits');
    throw error;
  }
}
