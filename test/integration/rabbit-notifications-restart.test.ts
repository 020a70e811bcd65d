import type { TransportOptions } from '@mini-nova/messaging';
import { type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { NotificationFixture } from '../../packages/messaging/test/notification-fixture.ts';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, Gate } from '../../packages/messaging/test/rpc-fixture.ts';

let broker: PrivateRabbit;
let fixture: NotificationFixture;

beforeAll(async () => {
  broker = await startRabbit();
});
afterAll(() => broker.close());
beforeEach(() => {
  fixture = new NotificationFixture(broker.url);
});
afterEach(() => fixture.close());

/** Short waits between connection attempts, so that tests measure the driver and not the pause. */
const quick: TransportOptions['rabbit'] = { rabbitRetryInterval: 0.3, rabbitRetryBackoff: 0 };

type Arguments = [object, string | null, string, unknown, object];

function watcher(): { payloads: unknown[]; info(...args: Arguments): void } {
  const payloads: unknown[] = [];
  return { payloads, info: (...args) => void payloads.push(args[3]) };
}

test('through a crash of the broker, durable notifications are neither lost nor refused', async () => {
  const rabbit = { ...quick, amqpDurableQueues: true };
  // The exchange of the other tests is not durable.
  const options = { rabbit, controlExchange: 'durable' };
  const notifier = fixture.notifier({ transport: fixture.transport(options) });
  for (const n of [1, 2]) expect(await notifier.info(CTXT, 'e', n)).toBe(true);
  const endpoint = watcher();
  const listener = await fixture.listen(endpoint, { transport: fixture.transport(options) });
  await vi.waitFor(() => expect(endpoint.payloads).toEqual([1, 2]));
  await listener.stop();
  await notifier.info(CTXT, 'e', 3);
  await broker.kill();
  const during = [4, 5, 6].map((n) => notifier.info(CTXT, 'e', n));
  await broker.start();
  expect(await Promise.all(during)).toEqual([true, true, true]);
  await listener.start();
  await vi.waitFor(() => expect(endpoint.payloads).toEqual([1, 2, 3, 4, 5, 6]));
});

test('after a crash that took the queues along, notifications wait in new ones, and listeners hear again', async () => {
  const notifier = fixture.notifier({ transport: fixture.transport({ rabbit: quick }) });
  const pool = watcher();
  await fixture.listen(pool, {
    pool: `${fixture.topic}-pool`,
    transport: fixture.transport({ rabbit: quick }),
  });
  await notifier.info(CTXT, 'e', 'before');
  await vi.waitFor(() => expect(pool.payloads).toEqual(['before']));
  await broker.kill();
  await broker.start();
  expect(await notifier.info(CTXT, 'e', 'after')).toBe(true);
  const endpoint = watcher();
  await fixture.listen(endpoint);
  await vi.waitFor(() => expect(endpoint.payloads).toEqual(['after']));
  await vi.waitFor(async () => {
    await notifier.info(CTXT, 'e', 'again');
    expect(pool.payloads).toContain('again');
  });
});

test('while the broker is away, a notification is given up after as many retries as are allowed', async () => {
  const logger = new RecordingLogger();
  const transport = fixture.transport({ rabbit: quick, logger });
  const notifier = fixture.notifier({ transport, retry: 0 });
  expect(await notifier.info(CTXT, 'e', 'before')).toBe(true);
  await broker.kill();
  try {
    // The broker is back only after these.
    expect(await notifier.info(CTXT, 'e', 'never')).toBe(false);
    expect(await notifier.prepare({ retry: 2 }).info(CTXT, 'e', 'never')).toBe(false);
    const failures = logger.at('error').map(({ data }) => data.reason);
    expect(failures).toHaveLength(2);
    expect(String(failures[0])).toMatch(/Unable to reach RabbitMQ/);
  } finally {
    await broker.start();
  }
});

test('while the broker is away, no more notifications wait than the outbox may hold', async () => {
  const logger = new RecordingLogger();
  const transport = fixture.transport({ rabbit: quick, logger, limits: { outboxBytes: 3_000 } });
  const notifier = fixture.notifier({ transport });
  await broker.kill();
  const sent = [1, 2, 3, 4].map((n) => notifier.info(CTXT, 'e', { n, text: 'x'.repeat(1_000) }));
  await broker.start();
  expect(await Promise.all(sent)).toEqual([true, true, false, false]);
  expect(logger.at('error').map(({ data }) => String(data.reason))).toEqual([
    expect.stringMatching(/^Overloaded/),
    expect.stringMatching(/^Overloaded/),
  ]);
  expect(await notifier.info(CTXT, 'e', { text: 'x'.repeat(2_000) })).toBe(true);
});

test('a notification that is handled while the connection is lost is handled once', async () => {
  const gate = new Gate();
  const started: unknown[] = [];
  const finished: unknown[] = [];
  const info = async (...args: Arguments) => {
    started.push(args[3]);
    await gate.opened;
    finished.push(args[3]);
  };
  const listener = await fixture.listen({ info }, { transport: fixture.transport({ rabbit: quick }) });
  const notifier = fixture.notifier({ transport: fixture.transport({ rabbit: quick }) });
  for (const n of [1, 2, 3]) await notifier.info(CTXT, 'e', n);
  await vi.waitFor(() => expect(started).toEqual([1, 2, 3]));
  await broker.closeConnections();
  expect(await notifier.info(CTXT, 'e', 4)).toBe(true);
  // It comes behind those that the broker delivers again.
  await vi.waitFor(() => expect(started).toContain(4));
  gate.open();
  await vi.waitFor(() => expect(finished).toHaveLength(4));
  await listener.stop();
  await listener.wait();
  const later = watcher();
  await fixture.listen(later, { transport: fixture.transport({ rabbit: quick }) });
  await notifier.info(CTXT, 'e', 'last');
  await vi.waitFor(() => expect(later.payloads).toEqual(['last']));
  expect(started).toEqual([1, 2, 3, 4]);
});
