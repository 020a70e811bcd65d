import { expect, test } from 'vitest';
import { InvalidTransportURL } from './errors.ts';
import { parseTransportUrl, type TransportUrl } from './transport-url.ts';

const guest = { username: 'guest', password: 'guest' };

test.each<[string, Partial<TransportUrl>]>([
  ['memory://bus/', { scheme: 'memory', hosts: [{ hostname: 'bus' }] }],
  ['memory://', { scheme: 'memory', hosts: [] }],
  ['fake:///', { scheme: 'fake', hosts: [] }],
  [
    'rabbit://guest:guest@127.0.0.1:5672/',
    { scheme: 'rabbit', hosts: [{ hostname: '127.0.0.1', port: 5672, ...guest }] },
  ],
  ['AMQPS://guest:guest@Host', { scheme: 'amqps', hosts: [{ hostname: 'Host', ...guest }] }],
  [
    'rabbit://u1:p1@h1:5672,u2:p2@h2:5673/vhost',
    {
      hosts: [
        { hostname: 'h1', port: 5672, username: 'u1', password: 'p1' },
        { hostname: 'h2', port: 5673, username: 'u2', password: 'p2' },
      ],
      virtualHost: 'vhost',
    },
  ],
  [
    'rabbit://u%40corp:p%3A%2F%40@h/%2Fv%20h?ssl=1&heartbeat=10',
    {
      hosts: [{ hostname: 'h', username: 'u@corp', password: 'p:/@' }],
      virtualHost: '/v h',
      query: { ssl: '1', heartbeat: '10' },
    },
  ],
  ['rabbit://u@corp:p@h', { hosts: [{ hostname: 'h', username: 'u@corp', password: 'p' }] }],
  ['rabbit://u:a:b@h', { hosts: [{ hostname: 'h', username: 'u', password: 'a:b' }] }],
  ['rabbit://u@h:', { hosts: [{ hostname: 'h', username: 'u' }] }],
  [
    'rabbit://u:p@[2001:db8::1]:5672,[::1]/',
    {
      hosts: [{ hostname: '2001:db8::1', port: 5672, username: 'u', password: 'p' }, { hostname: '::1' }],
    },
  ],
  ['rabbit://h//', { hosts: [{ hostname: 'h' }], virtualHost: '/' }],
])('%s is taken apart', (url, expected) => {
  expect(parseTransportUrl(url)).toMatchObject(expected);
});

test.each([
  ['', 'scheme'],
  ['127.0.0.1:5672', 'scheme'],
  ['//host/', 'scheme'],
  ['rabbit://host:amqp/', 'host:port'],
  ['rabbit://host:70000/', '70000'],
  ['rabbit://host:0/', 'port 0'],
  ['rabbit://u:p@:5672/', 'no name'],
  ['rabbit://2001:db8::1/', 'brackets'],
  ['rabbit://[::1/', 'brackets'],
  ['rabbit://u:100%@host/', 'hexadecimal'],
  ['rabbit://u:p#1@host/', '%23'],
])('%s is refused because of its %s', (url, reason) => {
  expect(() => parseTransportUrl(url)).toThrow(InvalidTransportURL);
  expect(() => parseTransportUrl(url)).toThrow(reason);
});

test('passwords stay out of errors and logs', () => {
  const url = 'rabbit://u1:secret@h1:99999,u2:se:cr@et@h2/v';
  expect(() => parseTransportUrl(url)).toThrow('rabbit://u1:***@h1:99999,u2:***@h2/v');
});

test.each([
  'rabbit://u:se/cret@h:5672/',
  'rabbit://u:se,cret@h:5672/',
  'rabbit://u:se?cret@h:5672/',
  'rabbit://u:123456/secret@h:5672/',
  'rabbit://u@corp:se/cret@h:5672/',
  'rabbit://u1:p1@h1,u:se/cr,et@h:5672/',
  'u:se/cret@h',
])('nor does a part of one that should have been encoded get there: %s', (url) => {
  expect(() => parseTransportUrl(url)).toThrow(InvalidTransportURL);
  expect(() => parseTransportUrl(url)).not.toThrow(/se\b|cr\b|et\b|1234/);
});

test.each([undefined, null, 5, {}])('%o is no URL', (url) => {
  expect(() => parseTransportUrl(url as unknown as string)).toThrow(InvalidTransportURL);
});
