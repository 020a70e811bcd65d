import { getRpcServer, MessagingTimeout, ServerLost, Target } from '@mini-nova/messaging';
import { type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import type { ConsumeMessage, Options } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PeerProcess } from '../../packages/messaging/test/faults/support/peer-process.ts';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, Gate, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { elapsed } from './support/elapsed.ts';
import { type RabbitTest, rabbitTest } from './support/rabbit-test.ts';
import { opened, type RawPeer, sealed } from './support/raw-peer.ts';

const rabbit = { rabbitRetryInterval: 0.3, rabbitRetryBackoff: 0 };

/** A server that takes requests and, so far, says nothing. `leave`: it takes no more, as when it dies. */
async function silentServer({ rpc, peer, exchange }: RabbitTest) {
  const logger = new RecordingLogger();
  const requests: ConsumeMessage[] = [];
  const { channel } = peer;
  await channel.assertExchange(exchange, 'topic', { durable: false });
  await channel.assertQueue(rpc.topic, { durable: false });
  await channel.bindQueue(rpc.topic, exchange, rpc.topic);
  const take = (message: ConsumeMessage | null) => message && !isRollCall(message) && requests.push(message);
  const { consumerTag } = await channel.consume(rpc.topic, take, { noAck: true });
  const transport = rpc.transport({ controlExchange: exchange, logger });
  return {
    requests,
    client: rpc.client({ transport }).prepare({ callMonitorTimeout: 0.4 }),
    transport,
    leave: () => channel.cancel(consumerTag),
    timesWaited: () => timesWaited(logger),
  };
}

/** The number of times that a silent server was given more time. */
function timesWaited({ lines }: RecordingLogger): number {
  return lines.filter(({ message }) => message === 'silent servers are waited for').length;
}

const isRollCall = ({ properties }: ConsumeMessage) => properties.type === 'roll_call';

function answer(
  peer: RawPeer,
  request: ConsumeMessage | undefined,
  reply: object,
  properties: Options.Publish = {},
): void {
  const { _msg_id, _reply_q } = opened(request);
  const message = { result: null, failure: null, ending: false, ...reply, _msg_id };
  peer.send('', String(_reply_q), sealed(message), properties);
}

describe('a monitored call', () => {
  rabbitTest(
    'whose server process is killed fails with ServerLost long before its timeout',
    async ({ rpc, url }) => {
      const server = await PeerProcess.start({ url, topic: rpc.topic, server: 'host1' });
      const client = rpc.client({ timeout: 600, callMonitorTimeout: 1 });
      const call = client
        .call(CTXT, 'work', { seconds: 600, value: 'killed' })
        .catch((reason: unknown) => reason);
      await server.waitFor('working');
      await server.kill();
      const error = await call;
      expect(error).toBeInstanceOf(ServerLost);
      expect(error).toBeInstanceOf(MessagingTimeout);
    },
  );

  rabbitTest('waits for a silent server, until nobody consumes any more', async (context) => {
    const { requests, client, leave, timesWaited } = await silentServer(context);
    const answered = client.call(CTXT, 'work', {});
    await vi.waitFor(() => expect(timesWaited()).toBeGreaterThan(1));
    answer(context.peer, requests[0], { result: 'at last', ending: true });
    expect(await answered).toBe('at last');

    const lost = elapsed(() => client.call(CTXT, 'work', {}));
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    await leave();
    const { error, milliseconds } = await lost;
    expect(error).toMatchObject({
      code: 'SERVER_LOST',
      message: expect.stringContaining('nobody consumes'),
    });
    expect(milliseconds).toBeGreaterThan(590);
  });

  rabbitTest('waits for one that falls silent after signs of life that name no queue', async (context) => {
    const { requests, client, leave, timesWaited } = await silentServer(context);
    const call = () => client.call(CTXT, 'work', {});
    const answered = call();
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    answer(context.peer, requests[0], {});
    await vi.waitFor(() => expect(timesWaited()).toBeGreaterThan(1));
    answer(context.peer, requests[0], { result: 'at last', ending: true });
    expect(await answered).toBe('at last');

    const lost = call().catch((error: unknown) => error);
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    answer(context.peer, requests[1], {});
    await leave();
    expect(await lost).toBeInstanceOf(ServerLost);
  });

  for (const others of [['host1'], ['host1', 'host2']]) {
    rabbitTest(`fails when its server has gone, and ${others} have not got it`, async (context) => {
      const { requests, client, leave, transport } = await silentServer(context);
      const lost = client.call(CTXT, 'work', {}).catch((error: unknown) => error);
      await vi.waitFor(() => expect(requests).toHaveLength(1));
      for (const server of others) await context.rpc.serve({}, { transport, server });
      await leave();
      expect(await lost).toMatchObject({
        code: 'SERVER_LOST',
        message: expect.stringContaining('no consumer of queue'),
      });
    });
  }

  rabbitTest('fails when its request was removed from the queue', async ({ rpc, peer }) => {
    const [started, finish] = [new Gate(), new Gate()];
    const hold = async () => {
      started.open();
      await finish.opened;
    };
    await rpc.serve({ hold, work: () => 'done' }, { prefetch: 1 });
    const client = rpc.client({ callMonitorTimeout: 0.4 });
    const messages = async () => (await peer.channel.checkQueue(rpc.topic)).messageCount;
    // One runs, one is read and waits, and one stays in the queue.
    const held = client.call(CTXT, 'hold', {});
    await started.opened;
    await client.cast(CTXT, 'work', {});
    await vi.waitFor(async () => expect(await messages()).toBe(0));
    const call = client.call(CTXT, 'work', {}).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await messages()).toBe(1));
    await peer.channel.purgeQueue(rpc.topic);
    expect(await call).toMatchObject({
      code: 'SERVER_LOST',
      message: expect.stringContaining('no consumer of queue'),
    });
    finish.open();
    await held;
  });

  rabbitTest('waits for a silent server as long as not all others have answered', async (context) => {
    const { rpc, peer } = context;
    const { requests, client, transport, timesWaited } = await silentServer(context);
    const call = client.call(CTXT, 'work', {});
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    await rpc.serve({}, { transport, server: 'other' });
    await vi.waitFor(() => expect(timesWaited()).toBeGreaterThan(2));
    answer(peer, requests[0], { result: 'at last', ending: true });
    expect(await call).toBe('at last');
  });

  rabbitTest(
    'is reported by its server when asked, though no sign of life was due',
    async ({ rpc, peer, exchange }) => {
      const transport = rpc.transport({ controlExchange: exchange });
      const finish = new Gate();
      await rpc.serve({ slow: () => finish.opened.then(() => 'done') }, { transport });
      const { queue: replies } = await peer.channel.assertQueue('', { exclusive: true });
      const received: ConsumeMessage[] = [];
      await peer.channel.consume(replies, (message) => message && received.push(message), { noAck: true });
      const ask = (id: string, queue: string) =>
        peer.send('', rpc.topic, sealed({ method: 'any', args: { queue } }), {
          type: 'roll_call',
          correlationId: id,
          replyTo: replies,
        });
      const request = {
        method: 'slow',
        args: {},
        version: '1.0',
        _msg_id: 'm',
        _reply_q: replies,
        _timeout: null,
      };
      peer.send(exchange, rpc.topic, sealed(request));
      ask('not its queue', `${rpc.topic}.another`);
      ask('its queue', `${rpc.topic}.host1`);
      await vi.waitFor(() => expect(received).toHaveLength(2));
      expect(received.map((message) => opened(message)._msg_id)).toEqual(['m', 'its queue']);
      finish.open();
      await vi.waitFor(() => expect(received).toHaveLength(3));
      expect(opened(received[2])).toMatchObject({ _msg_id: 'm', result: 'done', ending: true });
    },
  );

  rabbitTest("waits for a silent server for as long as that's own queue is consumed", async (context) => {
    const { rpc, peer, exchange } = context;
    const logger = new RecordingLogger();
    const requests = await peer.receive(rpc.topic, exchange);
    const { queue: address } = await peer.channel.assertQueue('', { durable: false, autoDelete: true });
    const { consumerTag } = await peer.channel.consume(address, () => {});
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange, logger }) });
    const call = () => client.prepare({ callMonitorTimeout: 0.4 }).call(CTXT, 'work', {});
    const sign = (request: ConsumeMessage | undefined) => answer(peer, request, {}, { replyTo: address });

    const answered = call();
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    sign(requests[0]);
    await vi.waitFor(() => expect(timesWaited(logger)).toBeGreaterThan(1));
    answer(peer, requests[0], { result: 'at last', ending: true });
    expect(await answered).toBe('at last');

    const lost = call().catch((error: unknown) => error);
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    sign(requests[1]);
    const before = timesWaited(logger);
    await vi.waitFor(() => expect(timesWaited(logger)).toBeGreaterThan(before));
    await peer.channel.cancel(consumerTag);
    expect(await lost).toBeInstanceOf(ServerLost);
  });

  rabbitTest(
    'shows its server soon, although signs of life are far apart',
    async ({ rpc, peer, exchange }) => {
      const transport = rpc.transport({ controlExchange: exchange });
      await rpc.serve({ slow: () => new Promise(() => {}) }, { transport });
      const { queue: replies } = await peer.channel.assertQueue('', { exclusive: true });
      const received: ConsumeMessage[] = [];
      await peer.channel.consume(replies, (message) => message && received.push(message), { noAck: true });
      const start = performance.now();
      const request = {
        method: 'slow',
        args: {},
        version: '1.0',
        _msg_id: 'm',
        _reply_q: replies,
        _timeout: 3600,
      };
      peer.send(exchange, rpc.topic, sealed(request));
      await vi.waitFor(() => expect(received).toHaveLength(1));
      expect(received[0]?.properties.replyTo).toMatch(/_fanout_/);
      // The next one would come after half an hour.
      expect(performance.now() - start).toBeLessThan(60_000);
    },
  );

  rabbitTest('fails when the queue is gone with the request in it', async ({ rpc, peer }) => {
    await peer.channel.assertExchange('openstack', 'topic', { durable: false });
    await peer.channel.assertQueue(rpc.topic, { durable: false });
    await peer.channel.bindQueue(rpc.topic, 'openstack', rpc.topic);
    const client = rpc.client({ callMonitorTimeout: 0.4 });
    // A consumer that has not read the request yet.
    await peer.channel.prefetch(1);
    await peer.channel.consume(rpc.topic, () => {});
    await client.cast(CTXT, 'first', {});
    const call = elapsed(() => client.call(CTXT, 'work', {}));
    await vi.waitFor(async () => {
      expect((await peer.channel.checkQueue(rpc.topic)).messageCount).toBe(1);
    });
    await peer.channel.deleteQueue(rpc.topic);
    expect((await call).error).toMatchObject({
      code: 'SERVER_LOST',
      message: expect.stringContaining('is gone'),
    });
  });

  rabbitTest('fails when nobody consumes the queue in which it waits', async ({ rpc, peer }) => {
    const server = await rpc.serve({});
    await server.stop();
    const call = rpc.client({ callMonitorTimeout: 0.4 }).call(CTXT, 'work', {});
    await expect(call).rejects.toMatchObject({ message: expect.stringContaining('nobody consumes') });
    await peer.channel.deleteQueue(rpc.topic);
  });

  rabbitTest('waits while others are ahead of it in the queue', async ({ rpc, peer, exchange }) => {
    // A consumer that takes one request at a time, like a Python one: waiting requests give no signs of life.
    const taken: ConsumeMessage[] = [];
    await peer.channel.assertExchange(exchange, 'topic', { durable: false });
    await peer.channel.assertQueue(rpc.topic, { durable: false });
    await peer.channel.bindQueue(rpc.topic, exchange, rpc.topic);
    await peer.channel.prefetch(1);
    await peer.channel.consume(rpc.topic, (message) => message && taken.push(message));
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }) });
    await client.cast(CTXT, 'first', {});
    await vi.waitFor(() => expect(taken).toHaveLength(1));
    const call = elapsed(() => client.prepare({ callMonitorTimeout: 0.4 }).call(CTXT, 'second', {}));
    // Longer than two silences: the passing of time is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for (const message of taken.splice(0)) peer.channel.ack(message);
    await vi.waitFor(() => expect(taken).toHaveLength(1));
    answer(peer, taken[0], { result: 'at last', ending: true });
    expect(await call).toMatchObject({ value: 'at last' });
  });

  rabbitTest('does not suspect its server when its own process was busy', async (context) => {
    const { requests, client } = await silentServer(context);
    const call = elapsed(() => client.call(CTXT, 'work', {}));
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    answer(context.peer, requests[0], {});
    // The sign is under way; the event loop does not turn for longer than the silence that is allowed.
    await new Promise((resolve) => setImmediate(resolve));
    const end = performance.now() + 900;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 300));
    answer(context.peer, requests[0], { result: 'well', ending: true });
    expect(await call).toMatchObject({ value: 'well' });
  });

  rabbitTest('survives a long run on a server of ours', async ({ rpc }) => {
    const finish = new Gate();
    await rpc.serve({ slow: () => finish.opened.then(() => 'done') });
    const calls = Array.from({ length: 20 }, () =>
      rpc.client({ callMonitorTimeout: 0.5 }).call(CTXT, 'slow', {}),
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    finish.open();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['done']));
  });
});

describe('a monitored call during a restart of the broker', () => {
  let broker: PrivateRabbit;
  beforeAll(async () => {
    broker = await startRabbit();
  });
  afterAll(() => broker.close());

  test('waits for the connection, and ends with its result', async () => {
    const rpc = new RpcFixture(broker.url);
    const [started, finish] = [new Gate(), new Gate()];
    const slow = async () => {
      started.open();
      await finish.opened;
      return 'done';
    };
    const transport = () => rpc.transport({ rabbit });
    const server = getRpcServer(transport(), new Target({ topic: rpc.topic, server: 'host1' }), [{ slow }]);
    await server.start();
    const call = rpc
      .client({ transport: transport(), timeout: 250, callMonitorTimeout: 3 })
      .call(CTXT, 'slow', {});
    await started.opened;
    await broker.kill();
    await broker.start();
    // Longer than the silence that is allowed: the passing of time is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    finish.open();
    expect(await call).toBe('done');
    await server.stop();
    await rpc.close();
  });
});
