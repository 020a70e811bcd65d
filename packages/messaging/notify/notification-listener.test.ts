import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { Target } from '../target.ts';
import { notificationTest } from '../test/notification-fixture.ts';
import { ODD_FAILURES } from '../test/odd-failures.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { CTXT } from '../test/rpc-fixture.ts';
import { getTransport } from '../transport.ts';
import type {
  NotificationArguments,
  NotificationEndpointOf,
  NotificationOf,
  ReceivedNotification,
} from './notification.ts';
import { NotificationResult } from './notification-endpoint.ts';
import { NotificationFilter } from './notification-filter.ts';
import { getBatchNotificationListener, getNotificationListener } from './notification-listener.ts';

const url = () => `memory://${randomUUID()}/`;

type Arguments = [object, string | null, string, unknown];

/** A method that records the payloads it receives, and always returns the same. */
function noting(payloads: unknown[], result?: unknown) {
  return (..._args: Arguments): unknown => {
    payloads.push(_args[3]);
    return result;
  };
}

describe('endpoints', () => {
  notificationTest('are called in order, with what their filters accept', url, async (fixture) => {
    const [all, some, none]: unknown[][] = [[], [], []];
    await fixture.listen([
      { info: noting(all ?? []) },
      { filterRule: new NotificationFilter({ eventType: 'vm\\.' }), info: noting(some ?? []) },
      { filterRule: new NotificationFilter({ payload: { missing: '' } }), info: noting(none ?? []) },
    ]);
    const notifier = fixture.notifier();
    await notifier.info(CTXT, 'vm.created', 1);
    await notifier.info(CTXT, 'net.created', 2);
    await notifier.info(CTXT, 'vm.deleted', 3);
    await vi.waitFor(() => expect(all).toEqual([1, 2, 3]));
    expect([some, none]).toEqual([[1, 3], []]);
  });

  notificationTest('after the one that wants a requeue are not called', url, async (fixture) => {
    const [first, last]: unknown[][] = [[], []];
    await fixture.listen([
      { info: noting(first ?? [], NotificationResult.HANDLED) },
      { info: noting([], Promise.resolve(NotificationResult.REQUEUE)) },
      { info: noting(last ?? []) },
    ]);
    const notifier = fixture.notifier();
    await notifier.info(CTXT, 'e', 1);
    await notifier.info(CTXT, 'e', 2);
    // Acknowledged nevertheless, because requeueing was not allowed.
    await vi.waitFor(() => expect(first).toEqual([1, 2]));
    expect(last).toEqual([]);
  });

  notificationTest('get what the serializer makes of context and payload', url, async (fixture) => {
    const told: Arguments[] = [];
    const serializer = {
      serializeEntity: (_ctxt: object, entity: unknown) => ({ sealed: entity as string }),
      deserializeEntity: (_ctxt: object, entity: unknown) => (entity as { sealed: unknown }).sealed,
      serializeContext: (ctxt: object) => ({ ...ctxt }),
      deserializeContext: (ctxt: object) => new Map(Object.entries(ctxt)),
    };
    await fixture.listen({ info: (...args: Arguments) => void told.push(args) }, { serializer });
    await fixture.notifier({ serializer }).info(CTXT, 'e', 'payload');
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(told[0]?.[0]).toEqual(new Map(Object.entries(CTXT)));
    expect(told[0]?.[3]).toBe('payload');
  });

  notificationTest('are not troubled by a notification that the serializer refuses', url, async (fixture) => {
    const logger = new RecordingLogger();
    const payloads: unknown[] = [];
    const serializer = {
      serializeEntity: (_ctxt: object, entity: unknown) => entity as string,
      deserializeEntity: (_ctxt: object, entity: unknown) => {
        if (entity === 'bad') throw new TypeError('cannot read this');
        return entity;
      },
      serializeContext: (ctxt: object) => ({ ...ctxt }),
      deserializeContext: (ctxt: object) => ctxt,
    };
    const transport = fixture.transport({ logger });
    await fixture.listen({ info: noting(payloads) }, { serializer, transport });
    const batches: unknown[] = [];
    const info = (batch: ReceivedNotification[]) => void batches.push(batch.map(({ payload }) => payload));
    await fixture.listenForBatches({ info }, { serializer, transport, pool: 'p', batchTimeout: 0.01 });
    for (const payload of ['bad', 'good']) await fixture.notifier().info(CTXT, 'e', payload);
    await vi.waitFor(() => expect(payloads).toEqual(['good']));
    await vi.waitFor(() => expect(batches).toEqual([['good']]));
    expect(logger.at('error')).toHaveLength(2);
  });

  test('with a contract know the payload by the event', async () => {
    type Events = { 'vm.created': { id: number }; 'vm.deleted': { at: string } };
    class Watcher implements NotificationEndpointOf<Events, 'info'> {
      readonly seen: (number | string)[] = [];
      info(...[_ctxt, _publisherId, eventType, payload]: NotificationArguments<Events>): void {
        if (eventType === 'vm.created') this.seen.push(payload.id);
        else this.seen.push(payload.at);
      }
      warn(batch: NotificationOf<Events>[]): void {
        for (const { eventType, payload } of batch)
          if (eventType === 'vm.deleted') this.seen.push(payload.at);
      }
    }
    const watcher = new Watcher();
    watcher.info({}, null, 'vm.created', { id: 7 }, { message_id: null, timestamp: null });
    // @ts-expect-error: another event's payload
    watcher.info({}, null, 'vm.deleted', { id: 7 }, { message_id: null, timestamp: null });
    expect(watcher.seen).toEqual([7, undefined]);
    const transport = getTransport({ url: url() });
    expect(getNotificationListener(transport, [new Target({ topic: 't' })], [watcher])).toBeDefined();
    await transport.close();
  });
});

describe('batches', () => {
  notificationTest('are split by priority, and only what asks for it comes again', url, async (fixture) => {
    const told: [string, unknown[]][] = [];
    const note = (priority: string, requeue: () => boolean) => (batch: ReceivedNotification[]) => {
      told.push([priority, batch.map(({ payload }) => payload).sort()]);
      return requeue() ? NotificationResult.REQUEUE : NotificationResult.HANDLED;
    };
    const notifier = fixture.notifier();
    for (const n of [1, 2]) {
      await notifier.info(CTXT, 'e', n);
      await notifier.error(CTXT, 'e', n * 10);
    }
    await fixture.listenForBatches(
      { info: note('info', () => false), error: note('error', () => told.length < 3) },
      { batchSize: 4, batchTimeout: 0.1, allowRequeue: true },
    );
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told.filter(([priority]) => priority === 'info')).toEqual([['info', [1, 2]]]);
    expect(told.filter(([priority]) => priority === 'error')).toEqual([
      ['error', [10, 20]],
      ['error', [10, 20]],
    ]);
  });

  notificationTest(
    'hold what the filter accepts, and are skipped when it accepts nothing',
    url,
    async (fixture) => {
      const batches: unknown[][] = [];
      await fixture.listenForBatches(
        {
          filterRule: new NotificationFilter({ eventType: 'vm' }),
          info: (batch: ReceivedNotification[]) => void batches.push(batch.map(({ eventType }) => eventType)),
        },
        { batchSize: 2, batchTimeout: 5 },
      );
      const notifier = fixture.notifier();
      for (const event of ['net', 'net', 'net', 'vm.1', 'vm.2', 'vm.3']) await notifier.info(CTXT, event, {});
      await vi.waitFor(() => expect(batches).toEqual([['vm.1'], ['vm.2', 'vm.3']]));
    },
  );

  notificationTest(
    'whose endpoint throws are logged and acknowledged, or come again',
    url,
    async (fixture) => {
      const logger = new RecordingLogger();
      let calls = 0;
      const info = () => {
        calls += 1;
        if (calls < 3) throw new Error('broken');
      };
      const transport = fixture.transport({ logger });
      const listener = await fixture.listenForBatches({ info }, { transport, batchSize: 1 });
      await fixture.notifier().info(CTXT, 'e', 1);
      await vi.waitFor(() => expect(logger.at('error')).toHaveLength(1));
      await listener.stop();
      await listener.wait();
      await fixture.listenForBatches({ info }, { transport, batchSize: 1, allowRequeue: true });
      await fixture.notifier().info(CTXT, 'e', 2);
      await vi.waitFor(() => expect(calls).toBe(3));
      expect(logger.at('error')).toHaveLength(2);
    },
  );

  notificationTest('are never larger than the prefetch, so that they fill', url, async (fixture) => {
    const sizes: number[] = [];
    await fixture.listenForBatches(
      { info: (batch: unknown[]) => void sizes.push(batch.length) },
      { batchSize: 100, batchTimeout: 600, prefetch: 2 },
    );
    const notifier = fixture.notifier();
    for (let n = 0; n < 6; n += 1) await notifier.info(CTXT, 'e', n);
    await vi.waitFor(() => expect(sizes).toEqual([2, 2, 2]));
  });
});

describe('what cannot be listened to is refused at once', () => {
  const transport = getTransport({ url: url() });
  const targets = [new Target({ topic: 't' })];
  const endpoint = { info: () => {} };
  const get = getNotificationListener;
  const batch = getBatchNotificationListener;

  test.each<[string, () => unknown, string]>([
    [
      'a target without a topic',
      () => get(transport, [new Target({ exchange: 'e' })], [endpoint]),
      'needs a topic',
    ],
    ['no target', () => get(transport, [], [endpoint]), 'needs a target'],
    ['a pool without a name', () => get(transport, targets, [endpoint], { pool: '' }), 'pool'],
    [
      'a filter that is none',
      () => get(transport, targets, [{ ...endpoint, filterRule: { eventType: 'vm' } as never }]),
      'filterRule',
    ],
    ['no endpoint', () => get(transport, targets, []), 'named by a priority'],
    ['a prefetch below 0', () => get(transport, targets, [endpoint], { prefetch: -1 }), 'prefetch'],
    ['half a notification', () => get(transport, targets, [endpoint], { prefetch: 0.5 }), 'prefetch'],
    ['an empty batch', () => batch(transport, targets, [endpoint], { batchSize: 0 }), 'batchSize'],
    [
      'no time at all',
      () => batch(transport, targets, [endpoint], { batchTimeout: Number.NaN }),
      'batchTimeout',
    ],
  ])('%s', (_what, run, message) => {
    expect(run).toThrow(message);
  });
});

describe('an endpoint that throws', () => {
  const looking = () => {
    const logger = new RecordingLogger();
    const error = logger.error.bind(logger);
    logger.error = (data, message) => {
      inspect(data);
      error(data, message);
    };
    return logger;
  };

  notificationTest('whatever it likes does not keep the next notification back', url, async (fixture) => {
    const logger = looking();
    const transport = fixture.transport({ logger });
    const told: unknown[] = [];
    const info = (_ctxt: object, _publisherId: string | null, _eventType: string, name: string) => {
      told.push(name);
      throw ODD_FAILURES[name]?.();
    };
    const names = Object.keys(ODD_FAILURES);
    const targets = [new Target({ topic: fixture.topic })];
    const listener = getNotificationListener(transport, targets, [{ info }]);
    await listener.start();
    const notifier = fixture.notifier();
    for (const name of names) await notifier.info(CTXT, 'e', name);
    await vi.waitFor(() => expect(told).toEqual(names));
    await listener.stop();
    await listener.wait();
    expect(logger.at('error')).toHaveLength(names.length);
  });
});
