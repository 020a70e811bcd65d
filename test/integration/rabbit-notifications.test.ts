import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Child, getRabbit, uniqueTopic } from '@mini-nova/testing';
import type { Options } from 'amqplib';
import { describe, expect, test, vi } from 'vitest';
import { describeNotifications } from '../../packages/messaging/test/notification-behaviour.ts';
import { NotificationFixture } from '../../packages/messaging/test/notification-fixture.ts';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT } from '../../packages/messaging/test/rpc-fixture.ts';
import { opened, RawPeer, sealed } from './support/raw-peer.ts';

const rabbitUrl = async (): Promise<string> => (await getRabbit()).url;

describeNotifications('RabbitMQ', rabbitUrl);

const CHILD = fileURLToPath(new URL('./support/notification-listener.mjs', import.meta.url));
const VECTORS = new URL(
  '../../packages/messaging/drivers/rabbit/wire/testdata/oslo-amqp.json',
  import.meta.url,
);

interface Context {
  url: string;
  fixture: NotificationFixture;
  peer: RawPeer;
}

function rabbitTest(title: string, run: (context: Context) => Promise<void>): void {
  test(title, async () => {
    const url = await rabbitUrl();
    const fixture = new NotificationFixture(url);
    const peer = await RawPeer.connect(url);
    try {
      await run({ url, fixture, peer });
    } finally {
      await fixture.close();
      await peer.close();
    }
  });
}

type Arguments = [object, string | null, string, unknown, object];

/** An endpoint that notes the payloads it is told of. */
function watcher(): { payloads: unknown[]; info(...args: Arguments): void } {
  const payloads: unknown[] = [];
  return { payloads, info: (...args) => void payloads.push(args[3]) };
}

/** As oslo.messaging lays out what it publishes. */
interface Recorded {
  what: string;
  properties: Record<string, unknown>;
  body: string;
}

async function recordedNotifications(): Promise<[v2: Recorded, v1: Recorded]> {
  const vectors = JSON.parse(await readFile(VECTORS, 'utf8')) as Recorded[];
  const [v2, v1] = vectors.filter(({ what }) => what.startsWith('notification'));
  if (v2 === undefined || v1 === undefined) throw new Error('the recording holds no notifications');
  return [v2, v1];
}

describe('on the wire', () => {
  rabbitTest(
    'a notification is what oslo.messaging publishes, in both versions',
    async ({ fixture, peer }) => {
      const [v2, v1] = await recordedNotifications();
      const queue = `${fixture.topic}.info`;
      const received = await peer.receive(queue, 'openstack');
      const payload = { state: 'active' };
      for (const driver of ['messagingv2', 'messaging']) {
        await fixture.notifier({ drivers: [driver] }).info(CTXT, 'compute.instance.create.end', payload);
      }
      await vi.waitFor(() => expect(received).toHaveLength(2));
      const bodies = received.map(({ content }) => content.toString());
      const recorded = JSON.parse(JSON.parse(v2.body)['oslo.message']) as object;
      expect(Object.keys(JSON.parse(bodies[0] ?? ''))).toEqual(Object.keys(JSON.parse(v2.body)));
      expect(Object.keys(opened(received[0]))).toEqual(Object.keys(recorded));
      expect(Object.keys(JSON.parse(bodies[1] ?? ''))).toEqual(Object.keys(JSON.parse(v1.body)));
      const variable = {
        message_id: expect.any(String),
        timestamp: expect.any(String),
        _unique_id: expect.any(String),
      };
      expect(opened(received[0])).toEqual({ ...recorded, ...variable });
      for (const { properties, fields } of received) {
        const { contentType, contentEncoding, deliveryMode, priority, headers } = properties;
        expect({
          content_type: contentType,
          content_encoding: contentEncoding,
          delivery_mode: deliveryMode,
          priority,
          headers,
        }).toEqual(v2.properties);
        expect(fields).toMatchObject({ exchange: 'openstack', routingKey: queue });
      }
    },
  );

  rabbitTest('recorded notifications of both versions are understood', async ({ fixture, peer }) => {
    const told: Arguments[] = [];
    const note = (...args: Arguments) => void told.push(args);
    await fixture.listen({ info: note, error: note });
    const [v2, v1] = await recordedNotifications();
    peer.send('openstack', `${fixture.topic}.info`, v2.body);
    peer.send('openstack', `${fixture.topic}.error`, v1.body);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    const events = told.map(([ctxt, publisherId, eventType, payload]) => [
      ctxt,
      publisherId,
      eventType,
      payload,
    ]);
    expect(events).toContainEqual([
      CTXT,
      'compute.host1',
      'compute.instance.create.end',
      { state: 'active' },
    ]);
    expect(events).toContainEqual([
      CTXT,
      'compute.host1',
      'compute.instance.create.error',
      { state: 'error' },
    ]);
  });

  rabbitTest('compressed notifications are sent and understood', async ({ fixture }) => {
    const endpoint = watcher();
    await fixture.listen(endpoint);
    const transport = fixture.transport({ rabbit: { kombuCompression: 'gzip' } });
    await fixture.notifier({ transport }).info(CTXT, 'e', 'packed '.repeat(1000));
    await vi.waitFor(() => expect(endpoint.payloads).toEqual(['packed '.repeat(1000)]));
  });

  rabbitTest('what cannot be read is dropped with a log line each', async ({ fixture, peer }) => {
    const logger = new RecordingLogger();
    const endpoint = watcher();
    await fixture.listen(endpoint, { transport: fixture.transport({ logger }) });
    const message = { message_id: 'm', event_type: 'e', payload: 'good', priority: 'INFO' };
    for (const body of [
      'garbage',
      sealed(message, '3.0'),
      sealed({ ...message, priority: 'URGENT' }),
      sealed({ payload: 'no priority' }),
      sealed(message),
    ]) {
      peer.send('openstack', `${fixture.topic}.info`, body);
    }
    await vi.waitFor(() => expect(endpoint.payloads).toEqual(['good']));
    expect(logger.at('warn')).toHaveLength(4);
    expect(logger.at('error')).toEqual([]);
  });

  rabbitTest('a notification that was published twice is delivered once', async ({ fixture, peer }) => {
    const endpoint = watcher();
    await fixture.listen(endpoint);
    const message = { message_id: 'm', event_type: 'e', priority: 'INFO', _unique_id: 'same' };
    for (const payload of ['first', 'second']) {
      peer.send('openstack', `${fixture.topic}.info`, sealed({ ...message, payload }));
    }
    peer.send(
      'openstack',
      `${fixture.topic}.info`,
      sealed({ ...message, payload: 'last', _unique_id: 'last' }),
    );
    await vi.waitFor(() => expect(endpoint.payloads).toContain('last'));
    expect(endpoint.payloads).toEqual(['first', 'last']);
    await vi.waitFor(async () => {
      expect(await peer.channel.checkQueue(`${fixture.topic}.info`)).toMatchObject({ messageCount: 0 });
    });
  });
});

describe('queues', () => {
  const plain: Options.AssertQueue = { durable: false, autoDelete: false };

  rabbitTest(
    'of a topic and a pool are declared and bound as oslo.messaging does',
    async ({ fixture, peer }) => {
      const pool = `${fixture.topic}-pool`;
      const exchange = uniqueTopic('exchange');
      const transport = fixture.transport({ controlExchange: exchange });
      await fixture.listen({ info: () => {}, warn: () => {} }, { pool, transport });
      await fixture.notifier({ transport }).error(CTXT, 'e', {});
      // The broker refuses to declare what exists with other arguments.
      await peer.channel.assertExchange(exchange, 'topic', { durable: false, autoDelete: false });
      expect(await peer.channel.assertQueue(pool, plain)).toMatchObject({ consumerCount: 2 });
      expect(await peer.channel.assertQueue(`${fixture.topic}.error`, plain)).toMatchObject({
        messageCount: 1,
      });
      // Nobody has sent these notifications, and only a pool listens.
      const before = await peer.channel.assertQueue(`${fixture.topic}.info`, plain);
      expect(before).toMatchObject({ messageCount: 0, consumerCount: 0 });
    },
  );

  for (const [what, rabbit, options] of [
    ['durable', { amqpDurableQueues: true }, { durable: true }],
    ['quorum', { rabbitQuorumQueue: true }, { durable: true, arguments: { 'x-queue-type': 'quorum' } }],
    ['auto-delete', { amqpAutoDelete: true }, { durable: false, autoDelete: true }],
  ] as const) {
    rabbitTest(`that are ${what} are declared so, and carry notifications`, async ({ fixture, peer }) => {
      const transport = fixture.transport({ controlExchange: uniqueTopic('exchange'), rabbit });
      await fixture.notifier({ transport }).info(CTXT, 'e', 1);
      const found = await peer.channel.assertQueue(`${fixture.topic}.info`, options);
      expect(found).toMatchObject({ consumerCount: 0 });
      const endpoint = watcher();
      await fixture.listen(endpoint, { transport });
      await vi.waitFor(() => expect(endpoint.payloads).toEqual([1]));
    });
  }

  rabbitTest(
    'that somebody deletes are declared again for the next notification',
    async ({ fixture, peer }) => {
      const notifier = fixture.notifier();
      await notifier.info(CTXT, 'e', 'lost with the queue');
      await peer.channel.deleteQueue(`${fixture.topic}.info`);
      const numbers = Array.from({ length: 20 }, (_, index) => index);
      const sent = await Promise.all(numbers.map((n) => notifier.info(CTXT, 'e', n)));
      expect(sent).not.toContain(false);
      const endpoint = watcher();
      await fixture.listen(endpoint);
      await vi.waitFor(() => expect(endpoint.payloads).toHaveLength(20));
      expect(endpoint.payloads.sort((a, b) => Number(a) - Number(b))).toEqual(numbers);
    },
  );

  rabbitTest('that are deleted under a listener are consumed again', async ({ fixture, peer }) => {
    const endpoint = watcher();
    await fixture.listen(endpoint, { pool: `${fixture.topic}-pool` });
    await peer.channel.deleteQueue(`${fixture.topic}-pool`);
    const notifier = fixture.notifier();
    await vi.waitFor(async () => {
      await notifier.info(CTXT, 'e', 'again');
      expect(endpoint.payloads).toContain('again');
    });
  });

  rabbitTest('that are durable work with an exchange of others that is not', async ({ fixture, peer }) => {
    const exchange = uniqueTopic('exchange');
    await peer.channel.assertExchange(exchange, 'topic', { durable: false });
    const options = { controlExchange: exchange, rabbit: { amqpDurableQueues: true } };
    expect(await fixture.notifier({ transport: fixture.transport(options) }).info(CTXT, 'e', 1)).toBe(true);
    const endpoint = watcher();
    await fixture.listen(endpoint, { transport: fixture.transport(options) });
    await vi.waitFor(() => expect(endpoint.payloads).toEqual([1]));
    expect(await peer.channel.assertQueue(`${fixture.topic}.info`, { durable: true })).toBeDefined();
  });

  rabbitTest('that exist with other properties fail at once, and no others', async ({ fixture, peer }) => {
    const logger = new RecordingLogger();
    const transport = fixture.transport({ logger });
    await peer.channel.assertQueue(`${fixture.topic}.info`, { durable: true });
    const notifier = fixture.notifier({ transport });
    const [bad, good] = await Promise.all([notifier.info(CTXT, 'e', 1), notifier.warn(CTXT, 'e', 2)]);
    expect([bad, good]).toEqual([false, true]);
    expect(logger.at('error')[0]?.data.reason).toMatch(
      new RegExp(`queue "${fixture.topic}\\.info".*durable`),
    );
    await expect(fixture.listen(watcher(), { transport })).rejects.toMatchObject({
      code: 'TOPOLOGY_MISMATCH',
      entity: `${fixture.topic}.info`,
    });
    await peer.channel.deleteQueue(`${fixture.topic}.info`);
    expect(await notifier.info(CTXT, 'e', 3)).toBe(true);
  });
});

describe('a listener', () => {
  rabbitTest('that is killed before it has acknowledged loses nothing', async ({ url, fixture }) => {
    const options = JSON.stringify({ url, topic: fixture.topic });
    const child = await Child.start(process.execPath, [CHILD, options]);
    try {
      await child.waitForLine(/^listening$/);
      const notifier = fixture.notifier();
      for (const n of [1, 2, 3]) await notifier.info(CTXT, 'e', n);
      await child.waitForLine(/^holds 3$/);
      const endpoint = watcher();
      await fixture.listen(endpoint);
      expect(endpoint.payloads).toEqual([]);
      child.signal('SIGKILL');
      await vi.waitFor(() => expect([...endpoint.payloads].sort()).toEqual([1, 2, 3]));
    } finally {
      await child.stop('SIGKILL');
    }
  });

  rabbitTest('takes over two thousand notifications, each once', async ({ fixture }) => {
    const [one, two] = [watcher(), watcher()];
    await fixture.listen(one);
    await fixture.listen(two, { prefetch: 10 });
    const notifier = fixture.notifier();
    const numbers = Array.from({ length: 2000 }, (_, index) => index);
    await Promise.all(numbers.map((n) => notifier.info(CTXT, 'e', n)));
    await vi.waitFor(() => expect(one.payloads.length + two.payloads.length).toBe(2000));
    expect(new Set([...one.payloads, ...two.payloads]).size).toBe(2000);
  });
});
