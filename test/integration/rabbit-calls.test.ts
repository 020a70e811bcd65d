import { CallCancelled, MessageUndeliverable, Overloaded } from '@mini-nova/messaging';
import { freePort, type PrivateRabbit, startRabbit, uniqueTopic } from '@mini-nova/testing';
import type { ConsumeMessage } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { REPEAT } from '../../packages/messaging/drivers/rabbit/client/abandoned-calls.ts';
import { CTXT, Gate, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { elapsed } from './support/elapsed.ts';
import { rabbitTest } from './support/rabbit-test.ts';
import { opened, type RawPeer, sealed } from './support/raw-peer.ts';

const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };
const rabbit = { rabbitRetryInterval: 0.3, rabbitRetryBackoff: 0 };

/** The least of a few tries: a busy machine makes some of them slow. */
async function quickest(call: () => Promise<unknown>): Promise<number> {
  const tries: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const { error, milliseconds } = await elapsed(call);
    expect(error).toBeInstanceOf(MessageUndeliverable);
    tries.push(milliseconds);
  }
  return Math.min(...tries);
}

describe('a call that finds no queue', () => {
  rabbitTest('fails at once, and says where', async ({ rpc }) => {
    const client = rpc.client();
    await client.cast(CTXT, 'warm', {});
    const call = () => client.prepare({ server: 'nobody' }).call(CTXT, 'echo', {});
    await expect(call()).rejects.toMatchObject({
      exchange: 'openstack',
      routingKey: `${rpc.topic}.nobody`,
    });
    // It does not wait 10 s for its queue to come back, as it would for one that existed before.
    expect(await quickest(call)).toBeLessThan(5000);
  });

  rabbitTest('fails alone, while others are answered', async ({ rpc }) => {
    await rpc.serve(echo);
    const client = rpc.client({ timeout: 250 });
    const values = Array.from({ length: 5000 }, (_, index) => index);
    const calls = values.map((value) =>
      client.prepare(value % 2 === 0 ? {} : { server: 'nobody' }).call(CTXT, 'echo', { value }),
    );
    const outcomes = await Promise.allSettled(calls);
    for (const [value, outcome] of outcomes.entries()) {
      if (value % 2 === 0) expect(outcome).toEqual({ status: 'fulfilled', value });
      else expect(outcome).toMatchObject({ reason: { code: 'MESSAGE_UNDELIVERABLE' } });
    }
  });

  rabbitTest('waits for one until its timeout, if told to', async ({ rpc }) => {
    const patient = rpc.client().prepare({ failUndeliverable: false, timeout: 0.7 });
    const { error, milliseconds } = await elapsed(() => patient.call(CTXT, 'echo', {}));
    expect(error).toMatchObject({ code: 'MESSAGING_TIMEOUT' });
    expect(milliseconds).toBeGreaterThan(690);
  });

  rabbitTest('where there was one waits for it to come back, though not for ever', async ({ rpc, peer }) => {
    const server = await rpc.serve(echo);
    const client = rpc.client();
    expect(await client.call(CTXT, 'echo', { value: 1 })).toBe(1);
    await server.stop();
    await peer.channel.deleteQueue(rpc.topic);
    const start = performance.now();
    const call = client.call(CTXT, 'echo', { value: 2 });
    await expect(call).rejects.toThrow(MessageUndeliverable);
    expect(performance.now() - start).toBeGreaterThan(9_900);
    // From now on it is known that nobody is there.
    expect(await quickest(() => client.call(CTXT, 'echo', { value: 3 }))).toBeLessThan(5000);
  });

  rabbitTest('because its exchange was deleted is answered when the exchange is back', async (context) => {
    const { rpc, peer, exchange } = context;
    await rpc.serve(echo, { transport: rpc.transport({ controlExchange: exchange }) });
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }) });
    expect(await client.call(CTXT, 'echo', { value: 1 })).toBe(1);
    await peer.channel.deleteExchange(exchange);
    expect(await client.call(CTXT, 'echo', { value: 2 })).toBe(2);
  });
});

describe('after a restart of the broker', () => {
  let broker: PrivateRabbit;
  beforeAll(async () => {
    broker = await startRabbit();
  });
  afterAll(() => broker.close());

  test('a call waits for a server that comes back after its client', async () => {
    const rpc = new RpcFixture(broker.url);
    const client = rpc.client({ transport: rpc.transport({ rabbit }) });
    await client.cast(CTXT, 'warm', {});
    await broker.kill();
    await broker.start();
    // The client is back before the server first starts; nothing was known about this one.
    const call = client.prepare({ server: 'host1' }).call(CTXT, 'echo', { value: 'late' });
    await Promise.race([call, new Promise((resolve) => setTimeout(resolve, 700))]);
    await rpc.serve(echo, { transport: rpc.transport({ rabbit }) });
    expect(await call).toBe('late');
    await rpc.close();
  });
});

/** What a server sends while it runs the request. */
function signOfLife(peer: RawPeer, request: ConsumeMessage | undefined, replyTo: string): void {
  const { _msg_id, _reply_q } = opened(request);
  const body = sealed({ result: null, failure: null, ending: false, _msg_id });
  peer.channel.publish('', String(_reply_q), Buffer.from(body), { replyTo });
}

describe('a call that is cancelled', () => {
  rabbitTest('before it was made sends nothing', async ({ rpc, peer, exchange }) => {
    const requests = await peer.receive(rpc.topic, exchange);
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }) });
    const cancelled = client.prepare({ signal: AbortSignal.abort('why') });
    await expect(cancelled.call(CTXT, 'echo', {})).rejects.toMatchObject({
      code: 'CALL_CANCELLED',
      cause: 'why',
    });
    await expect(cancelled.cast(CTXT, 'echo', {})).rejects.toThrow(CallCancelled);
    await client.cast(CTXT, 'last', {});
    await vi.waitFor(() => expect(requests).toHaveLength(1));
  });

  rabbitTest('ends at once, and its endpoint is told', async ({ rpc }) => {
    const [started, stopped] = [new Gate(), new Gate()];
    const reasons: unknown[] = [];
    await rpc.serve({
      work: async (_ctxt: object, _args: object, { signal }: { signal: AbortSignal }) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          stopped.open();
        });
        started.open();
        await stopped.opened;
      },
    });
    const controller = new AbortController();
    const client = rpc.client({ callMonitorTimeout: 1, signal: controller.signal });
    const call = elapsed(() => client.call(CTXT, 'work', {}));
    await started.opened;
    controller.abort(new Error('not needed'));
    const { error } = await call;
    expect(error).toMatchObject({ code: 'CALL_CANCELLED', cause: { message: 'not needed' } });
    await stopped.opened;
    expect(reasons).toMatchObject([{ code: 'CALL_CANCELLED' }]);
  });

  for (const known of [true, false]) {
    const when = known ? 'is known' : 'shows later';
    rabbitTest(`sends one message to its server, when that ${when}`, async ({ rpc, peer, exchange }) => {
      const requests = await peer.receive(rpc.topic, exchange);
      const server = uniqueTopic('server');
      const cancels = await peer.receive(server);
      const transport = rpc.transport({ controlExchange: exchange });
      const controller = new AbortController();
      const client = rpc.client({ transport, signal: controller.signal });
      const call = elapsed(() => client.call(CTXT, 'work', {}));
      await vi.waitFor(() => expect(requests).toHaveLength(1));
      const sign = () => signOfLife(peer, requests[0], server);
      if (known) {
        sign();
        sign();
        // A later message shows that the signs were read.
        await rpc
          .client({ transport })
          .prepare({ server: 'nobody' })
          .call(CTXT, 'x', {})
          .catch(() => {});
      }
      controller.abort();
      const cancelled = performance.now();
      expect((await call).error).toBeInstanceOf(CallCancelled);
      if (!known) sign();
      sign();
      await vi.waitFor(() => expect(cancels).not.toEqual([]));
      // Such late signs are a reason to tell the server once more.
      if (performance.now() - cancelled < REPEAT) expect(cancels).toHaveLength(1);
      expect(cancels[0]?.properties).toMatchObject({
        type: 'cancel',
        correlationId: opened(requests[0])._msg_id,
        expiration: '60000',
      });
      expect(opened(cancels[0])).toEqual({});
    });
  }

  rabbitTest('by its timeout is cancelled at its server as well', async ({ rpc, peer, exchange }) => {
    const requests = await peer.receive(rpc.topic, exchange);
    const server = uniqueTopic('server');
    const cancels = await peer.receive(server);
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }), timeout: 3 });
    // On a slow machine the time may be over before the request was sent.
    await vi.waitFor(async () => {
      await expect(client.call(CTXT, 'work', {})).rejects.toMatchObject({ code: 'MESSAGING_TIMEOUT' });
      expect(requests).not.toEqual([]);
    });
    signOfLife(peer, requests[0], server);
    await vi.waitFor(() => expect(cancels).toHaveLength(1));
  });

  test('while it waits for the broker is not sent afterwards', async () => {
    const port = await freePort();
    const rpc = new RpcFixture(`rabbit://guest:guest@127.0.0.1:${port}/`);
    const controller = new AbortController();
    const transport = rpc.transport({ rabbit, limits: { outboxBytes: 2000 } });
    const client = rpc.client({ transport, signal: controller.signal });
    const held = Promise.allSettled([client.call(CTXT, 'echo', {}), client.cast(CTXT, 'note', {})]);
    controller.abort();
    for (const outcome of await held) expect(outcome).toMatchObject({ reason: expect.any(CallCancelled) });
    // Its place in the outbox is free again.
    const big = rpc.client({ transport }).call(CTXT, 'echo', { value: 'x'.repeat(1600) });
    await Promise.all([
      expect(big).rejects.toMatchObject({ code: 'MESSAGE_DELIVERY_FAILURE' }),
      transport.close(),
    ]);
    await rpc.close();
  });
});

describe('an outbox that is full', () => {
  test('refuses casts and calls until the broker takes what is there', async () => {
    const broker = await startRabbit();
    const rpc = new RpcFixture(broker.url);
    const notes: string[] = [];
    const endpoint = { note: (_ctxt: object, { value }: { value: string }) => void notes.push(value) };
    await rpc.serve(endpoint, { transport: rpc.transport({ rabbit }) });
    const client = rpc.client({ transport: rpc.transport({ rabbit, limits: { outboxBytes: 10_000 } }) });
    const note = () => client.cast(CTXT, 'note', { value: 'x'.repeat(3000) });
    await note();
    await vi.waitFor(() => expect(notes).toHaveLength(1));
    await broker.kill();
    const held = [note(), note(), note()];
    await expect(note()).rejects.toThrow(Overloaded);
    const call = client.call(CTXT, 'note', { value: 'x'.repeat(3000) });
    await expect(call).rejects.toMatchObject({ code: 'OVERLOADED', what: 'outbox', limit: 10_000 });
    await broker.start();
    await Promise.all(held);
    await vi.waitFor(() => expect(notes).toHaveLength(4));
    await note();
    await vi.waitFor(() => expect(notes).toHaveLength(5));
    await rpc.close();
    await broker.close();
  });
});
