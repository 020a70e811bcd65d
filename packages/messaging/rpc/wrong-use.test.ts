import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../logger.ts';
import { Target } from '../target.ts';
import { getTransport } from '../transport.ts';
import { RPCClient } from './client.ts';
import { getRpcServer } from './server.ts';

/** What programs without a type checker do. Types are taken away here for that. */
type Untyped = (...args: unknown[]) => unknown;

const newTransport = () => getTransport({ url: `memory://${randomUUID()}/`, logger: silentLogger });
const TARGET = new Target({ topic: 'test', server: 'host1' });

test.each<[object, string]>([
  [{ topic: 5 }, 'topic is of type number'],
  [{ topic: '' }, 'topic is ""'],
  [{ server: '' }, 'server is ""'],
  [{ server: {} }, 'server is of type object'],
  [{ exchange: '' }, 'exchange is ""'],
  [{ namespace: 5 }, 'namespace is of type number'],
  [{ version: 1.5 }, 'version is of type number'],
  [{ fanout: 'no' }, 'fanout is "no"'],
])('a target cannot have %o', (options, reason) => {
  expect(() => new Target(options as object)).toThrow(new RegExp(`^${reason}`));
  expect(() => TARGET.with(options as object)).toThrow(TypeError);
});

test.each<object>([
  { timeout: '5' },
  { timeout: 0 },
  { callMonitorTimeout: '1' },
  { retry: '1' },
  { retry: -2 },
  { retry: 0.5 },
  { versionCap: 1.5 },
  { failUndeliverable: 'no' },
  { signal: {} },
  { signal: new AbortController() },
])('a client cannot have %o', (options) => {
  expect(() => new RPCClient(newTransport(), TARGET, options as object)).toThrow(TypeError);
  expect(() => new RPCClient(newTransport(), TARGET).prepare(options as object)).toThrow(TypeError);
});

test.each<object>([
  { rpcResponseTimeout: '60' },
  { callMonitorTimeout: '5' },
  { limits: { outboxBytes: '1' } },
  { controlExchange: '' },
  { logger: { error() {} } },
  { limits: { intakeBytes: 0 } },
  { limits: { inTakeBytes: 1 } },
])('a transport cannot have %o', (options) => {
  expect(() => getTransport({ url: 'memory://', ...(options as object) })).toThrow(TypeError);
});

describe('a call and a cast', () => {
  test.each<[unknown, unknown]>([
    [undefined, {}],
    ['', {}],
    [5, {}],
    ['echo', null],
    ['echo', [1]],
    ['echo', 'text'],
    ['echo', new Map([['x', 1]])],
  ])('cannot have method %o with arguments %o', async (method, args) => {
    const client = new RPCClient(newTransport(), TARGET);
    for (const send of [client.call, client.cast] as Untyped[]) {
      await expect(send.call(client, {}, method, args)).rejects.toThrow(TypeError);
    }
  });
});

test.each<[unknown[], object]>([
  [[{}], { accessPolicy: 'open' }],
  [[{}], { prefetch: -1 }],
  [[{}], { prefetch: 65_536 }],
  [[{}], { prefetch: '5' }],
  [[{}], { deliveryLimit: 0 }],
  [[{}], { ackPolicy: 'never' }],
  [[null], {}],
  [['text'], {}],
  [[{ expectedErrors: [() => {}] }], {}],
  [[{ expectedErrors: ['Error'] }], {}],
  [[{ target: new Target({ version: 'newest' }) }], {}],
])('a server cannot have endpoints %o with %o', (endpoints, options) => {
  const serve = getRpcServer as Untyped;
  expect(() => serve(newTransport(), TARGET, endpoints, options)).toThrow(TypeError);
});
