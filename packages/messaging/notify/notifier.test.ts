import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import type { Driver } from '../drivers/driver.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { getTransport, Transport } from '../transport.ts';
import { NOTIFICATIONS, resetNotifications } from './built-in-drivers.ts';
import { utcTimestamp } from './notification.ts';
import { Notifier, type NotifierOptions } from './notifier.ts';
import { registerNotifierDriver } from './notifier-driver.ts';

const CTXT = { user_id: 'u', project_id: 'p', request_id: 'req-1' };

let logger: RecordingLogger;
let transport: Transport;

beforeEach(() => {
  resetNotifications();
  logger = new RecordingLogger();
  transport = getTransport({ url: `memory://${randomUUID()}/`, logger });
});
afterEach(() => transport.close());

const notifierWith = (options: NotifierOptions) =>
  new Notifier(transport, { publisherId: 'compute', ...options });

describe('a notification', () => {
  test('has the fields that oslo.messaging writes, in its order', async () => {
    await notifierWith({ drivers: ['test'] }).warn(CTXT, 'disk.full', { free: 0 });
    const [notification] = NOTIFICATIONS;
    expect(notification).toEqual({
      ctxt: CTXT,
      message: {
        message_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        publisher_id: 'compute',
        event_type: 'disk.full',
        priority: 'WARN',
        payload: { free: 0 },
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
      },
      priority: 'warn',
      retry: -1,
    });
    expect(Object.keys(notification?.message ?? {}).join(' ')).toBe(
      'message_id publisher_id event_type priority payload timestamp',
    );
  });

  test('tells the time in UTC as Python prints it', () => {
    expect(utcTimestamp(new Date(Date.UTC(2026, 10, 1, 2, 3, 4, 5)))).toBe('2026-11-01 02:03:04.005000');
  });

  test("does not carry its context's secrets", async () => {
    const ctxt = { ...CTXT, auth_token: 'secret', service_catalog: [], is_admin: true, roles: ['r'] };
    await notifierWith({ drivers: ['test'] }).info(ctxt, 'e', {});
    expect(NOTIFICATIONS[0]?.ctxt).toEqual({ ...CTXT, is_admin: true, roles: ['r'] });
  });

  test('is serialized once, with the whole context', async () => {
    const seen: object[] = [];
    const serializer = {
      serializeEntity: (ctxt: object, entity: unknown) => {
        seen.push(ctxt);
        return { wrapped: String(entity) };
      },
      deserializeEntity: (_ctxt: object, entity: unknown) => entity,
      serializeContext: (ctxt: object) => ({ ...ctxt, user_name: 'added' }),
      deserializeContext: (ctxt: object) => ctxt,
    };
    const ctxt = { ...CTXT, auth_token: 'secret' };
    await notifierWith({ drivers: ['test', 'noop', 'log'], serializer }).info(ctxt, 'e', 7);
    expect(seen).toEqual([ctxt]);
    expect(NOTIFICATIONS[0]).toMatchObject({
      ctxt: { ...CTXT, user_name: 'added' },
      message: { payload: { wrapped: '7' } },
    });
  });

  test('that has no form in JSON is logged, and nothing is thrown', async () => {
    const notifier = notifierWith({ drivers: ['test'] });
    expect(await notifier.info(CTXT, 'e', { price: Number.NaN })).toBe(false);
    expect(NOTIFICATIONS).toEqual([]);
    expect(String(logger.at('error')[0]?.data.err)).toContain('payload.price');
  });
});

describe('prepare', () => {
  test('gives another publisher and number of retries, and changes nothing', async () => {
    const notifier = notifierWith({ drivers: ['test'], retry: 3 });
    const other = notifier.prepare({ publisherId: 'network' });
    await other.prepare({ retry: 0 }).info(CTXT, 'e', 1);
    await other.info(CTXT, 'e', 2);
    await notifier.info(CTXT, 'e', 3);
    expect(NOTIFICATIONS.map(({ message, retry }) => [message.publisher_id, retry])).toEqual([
      ['network', 0],
      ['network', 3],
      ['compute', 3],
    ]);
  });
});

describe('isEnabled', () => {
  test.each([
    [['noop'], false],
    [[], false],
    [['noop', 'log'], true],
    [undefined, true],
  ])('drivers %j: %s', (drivers, expected) => {
    expect(notifierWith(drivers === undefined ? {} : { drivers }).isEnabled()).toBe(expected);
  });
});

describe('drivers', () => {
  test('that do not exist are refused by their names', () => {
    expect(() => notifierWith({ drivers: ['kafka'] })).toThrow(/kafka.*there are messaging,/);
  });

  test.each<object>([
    { retry: Number.NaN },
    { retry: -2 },
    { publisherId: 5 },
    { topics: [''] },
    { topics: [5] },
  ])('cannot have %o', (options) => {
    expect(() => notifierWith(options)).toThrow(TypeError);
  });

  test('are not given a notification whose event has no name', async () => {
    const notifier = notifierWith({ drivers: ['test'] });
    expect(await notifier.info(CTXT, undefined as unknown as string, {})).toBe(false);
    expect(NOTIFICATIONS).toEqual([]);
    expect(logger.at('error')).toHaveLength(1);
  });

  test('of a transport that carries no notifications are refused', () => {
    const driver: Driver = {
      send: async () => undefined,
      listen: async () => ({ stop: async () => {} }),
      close: async () => {},
    };
    const bare = new Transport(driver);
    expect(() => new Notifier(bare)).toThrow(/carries no notifications/);
    expect(new Notifier(bare, { drivers: ['test'] }).isEnabled()).toBe(true);
  });

  test('can be added, and one that fails harms neither the caller nor the others', async () => {
    registerNotifierDriver('broken', () => ({
      notify: () => {
        throw new Error('no connection');
      },
    }));
    const notifier = notifierWith({ drivers: ['broken', 'test'] });
    expect(await notifier.error(CTXT, 'e', { password: 'hidden' })).toBe(false);
    expect(NOTIFICATIONS).toHaveLength(1);
    const [line] = logger.at('error');
    expect(line?.data).toMatchObject({ driver: 'broken', event_type: 'e', err: new Error('no connection') });
    expect(JSON.stringify(logger.lines)).not.toContain('hidden');
  });

  test('take the notification before the promise resolves', async () => {
    let taken = false;
    registerNotifierDriver('slow', () => ({
      notify: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        taken = true;
      },
    }));
    expect(await notifierWith({ drivers: ['slow'] }).info(CTXT, 'e', {})).toBe(true);
    expect(taken).toBe(true);
  });

  test.each([
    ['audit', 'info'],
    ['debug', 'debug'],
    ['info', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
    ['critical', 'error'],
    ['sample', 'debug'],
  ] as const)('log writes %s at level %s, with secrets masked', async (priority, level) => {
    await notifierWith({ drivers: ['log'] })[priority](CTXT, 'vm.created', { adminPass: 'hidden', id: 7 });
    expect(logger.lines).toEqual([
      {
        level,
        message: 'Notification vm.created',
        data: {
          notification: expect.objectContaining({
            event_type: 'vm.created',
            priority: priority.toUpperCase(),
            payload: { adminPass: '***', id: 7 },
          }),
        },
      },
    ]);
  });
});

describe('the routing driver', () => {
  const routed = async (
    routing: NotifierOptions['routing'],
    priority: 'info' | 'error',
    eventType: string,
  ) => {
    const taken: string[] = [];
    for (const name of ['one', 'two']) {
      registerNotifierDriver(name, () => ({ notify: async () => void taken.push(name) }));
    }
    await notifierWith({ drivers: ['routing'], routing: routing ?? {} })[priority](CTXT, eventType, {});
    return taken.sort();
  };
  const routing = {
    first: {
      one: { accepted_events: ['compute.*'], accepted_priorities: ['ERROR', 'warn'] },
      two: { accepted_events: ['*.end', 'network.?'] },
    },
    second: { one: { accepted_priorities: ['[ei]*'], accepted_events: ['audit.[!x]'] } },
  };

  test.each([
    ['error', 'compute.start', ['one']],
    ['info', 'compute.start', []],
    ['error', 'compute.end', ['one', 'two']],
    ['info', 'network.1', ['two']],
    ['info', 'network.12', []],
    ['info', 'audit.a', ['one']],
    ['info', 'audit.x', []],
  ] as const)('%s %s goes by %j', async (priority, eventType, expected) => {
    expect(await routed(routing, priority, eventType)).toEqual(expected);
  });

  test('hands a notification once to a driver that two groups name', async () => {
    expect(await routed({ a: { one: {} }, b: { one: {} } }, 'info', 'e')).toEqual(['one']);
  });

  test('sends nothing without groups, and does not lead to itself', async () => {
    expect(await routed({}, 'info', 'e')).toEqual([]);
    expect(await routed({ a: { routing: {}, two: {} } }, 'info', 'e')).toEqual(['two']);
  });

  test('refuses a driver that does not exist', () => {
    expect(() => notifierWith({ drivers: ['routing'], routing: { a: { kafka: {} } } })).toThrow(/kafka/);
  });

  test('refuses a rule that does not exist', () => {
    const routing = { a: { test: { accepted_event: ['compute.*'] } } };
    const make = () =>
      notifierWith({ drivers: ['routing'], routing: routing as NotifierOptions['routing'] & {} });
    expect(make).toThrow(/accepted_event for test; the rules are/);
  });

  test('reports every driver that failed', async () => {
    for (const name of ['bad1', 'bad2']) {
      registerNotifierDriver(name, () => ({ notify: () => Promise.reject(new Error(`${name} is down`)) }));
    }
    const groups = { a: { bad1: {}, test: {}, bad2: {} } };
    expect(await notifierWith({ drivers: ['routing'], routing: groups }).info(CTXT, 'e', {})).toBe(false);
    expect(NOTIFICATIONS).toHaveLength(1);
    expect(String(logger.at('error')[0]?.data.err)).toMatch(/bad1 is down.*bad2 is down/);
  });
});

test('a contract lets out only its events, with their payloads', async () => {
  type Events = { 'vm.created': { id: number }; 'vm.deleted': { at: string } };
  const notifier = new Notifier<Events>(transport, { drivers: ['test'] });
  await notifier.info(CTXT, 'vm.created', { id: 1 });
  // @ts-expect-error: no such event
  await notifier.info(CTXT, 'vm.moved', { id: 1 });
  // @ts-expect-error: another event's payload
  await notifier.info(CTXT, 'vm.deleted', { id: 1 });
  expectTypeOf(notifier.prepare({ retry: 1 })).toEqualTypeOf<Notifier<Events>>();
  expect(NOTIFICATIONS).toHaveLength(3);
});
