import { setTimeout as sleep } from 'node:timers/promises';
import type { RabbitOptions } from '@mini-nova/messaging';
import { uniqueTopic } from '@mini-nova/testing';
import { describe, expect, vi } from 'vitest';
import { encodeRollCall } from '../../packages/messaging/drivers/rabbit/wire/wire-message.ts';
import {
  ROLL_CALL,
  SENT_AT,
  sentAtText,
} from '../../packages/messaging/drivers/rabbit/wire/wire-properties.ts';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, Gate } from '../../packages/messaging/test/rpc-fixture.ts';
import { type RabbitTest, rabbitTest } from './support/rabbit-test.ts';
import { opened, sealed } from './support/raw-peer.ts';

/** An endpoint whose requests run until the gate opens; it records how many ran at once. */
function crowd() {
  const gate = new Gate();
  const endpoint = {
    gate,
    started: [] as unknown[],
    running: 0,
    most: 0,
    async work(_ctxt: object, { value }: { value: unknown }) {
      endpoint.started.push(value);
      endpoint.running += 1;
      endpoint.most = Math.max(endpoint.most, endpoint.running);
      await gate.opened;
      endpoint.running -= 1;
      return value;
    },
  };
  return endpoint;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A call of a peer that speaks bare AMQP: its replies come to `replies`. */
async function rawCall({ peer, rpc }: RabbitTest, id: string, more: object = {}) {
  const replyQueue = uniqueTopic('reply');
  const replies = await peer.receive(replyQueue);
  const fields = { _msg_id: id, _reply_q: replyQueue, _unique_id: id, _timeout: 0.4, ...more };
  const body = sealed({ method: 'work', args: { value: id }, ...fields });
  return {
    replies,
    send: (options = {}) => peer.channel.publish('openstack', rpc.topic, Buffer.from(body), options),
  };
}

describe('the prefetch of a server', () => {
  rabbitTest('bounds what runs at once over all its queues; the rest runs in order', async ({ rpc }) => {
    const endpoint = crowd();
    await rpc.serve(endpoint, { prefetch: 3 });
    const client = rpc.client();
    for (const value of numbers(6)) {
      await client.cast(CTXT, 'work', { value });
      await client.prepare({ server: 'host1' }).cast(CTXT, 'work', { value: value + 10 });
      await client.prepare({ fanout: true }).cast(CTXT, 'work', { value: value + 20 });
    }
    await vi.waitFor(() => expect(endpoint.started).toHaveLength(3));
    expect(endpoint.started).toEqual([0, 10, 20]);
    endpoint.gate.open();
    await vi.waitFor(() => expect(endpoint.started).toHaveLength(18));
    expect(endpoint.most).toBe(3);
  });

  rabbitTest('leaves what waits to the other servers when this one stops', async ({ rpc }) => {
    const [first, second] = [crowd(), crowd()];
    const server = await rpc.serve(first, { prefetch: 2 });
    const client = rpc.client();
    for (const value of numbers(10)) await client.cast(CTXT, 'work', { value });
    await vi.waitFor(() => expect(first.started).toEqual([0, 1]));
    await server.stop();
    second.gate.open();
    await rpc.serve(second, { server: 'host2' });
    await vi.waitFor(() => expect(second.started).toHaveLength(8));
    expect(second.started).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    first.gate.open();
    await server.wait();
  });
});

describe('the bytes of what a server holds', () => {
  rabbitTest('bound what runs at once; a larger request runs alone', async ({ rpc }) => {
    const endpoint = crowd();
    const transport = rpc.transport({ limits: { intakeBytes: 1_000_000 } });
    await rpc.serve(endpoint, { transport });
    const client = rpc.client();
    const text = (size: number) => 'x'.repeat(size);
    await client.cast(CTXT, 'work', { value: text(400_000) });
    await client.cast(CTXT, 'work', { value: text(400_000) });
    await client.cast(CTXT, 'work', { value: text(3_000_000) });
    await client.cast(CTXT, 'work', { value: text(10) });
    await vi.waitFor(() => expect(endpoint.started).toHaveLength(2));
    await sleep(200);
    expect(endpoint.started).toHaveLength(2);
    endpoint.gate.open();
    await vi.waitFor(() => expect(endpoint.started).toHaveLength(4));
    expect(endpoint.most).toBe(2);
  });

  rabbitTest('are counted as they are when unpacked', async ({ rpc }) => {
    const endpoint = crowd();
    await rpc.serve(endpoint, { transport: rpc.transport({ limits: { intakeBytes: 1_000_000 } }) });
    const client = rpc.client({ transport: rpc.transport({ rabbit: { kombuCompression: 'gzip' } }) });
    for (let n = 0; n < 3; n += 1) await client.cast(CTXT, 'work', { value: 'x'.repeat(400_000) });
    await vi.waitFor(() => expect(endpoint.started).toHaveLength(2));
    await sleep(200);
    expect(endpoint.started).toHaveLength(2);
    endpoint.gate.open();
    await vi.waitFor(() => expect(endpoint.started).toHaveLength(3));
    expect(endpoint.most).toBe(2);
  });
});

rabbitTest('servers that stop under load lose nothing that they had not started', async ({ rpc }) => {
  const seen = new Set<unknown>();
  const endpoint = {
    async work(_ctxt: object, { value }: { value: unknown }) {
      await sleep(1 + Math.random() * 3);
      seen.add(value);
    },
  };
  let server = await rpc.serve(endpoint, { server: 'host0', prefetch: 20 });
  const client = rpc.client();
  let sent = 0;
  for (const round of numbers(5)) {
    const casts = numbers(1000).map(() => {
      sent += 1;
      return client.cast(CTXT, 'work', { value: sent });
    });
    const before = seen.size;
    await vi.waitFor(() => expect(seen.size).toBeGreaterThan(before + 100), { interval: 5 });
    await server.stop();
    server = await rpc.serve(endpoint, { server: `host${round + 1}`, prefetch: 20 });
    await Promise.all(casts);
  }
  await vi.waitFor(() => expect(seen.size).toBe(5000));
});

describe('a call that waits for its turn', () => {
  rabbitTest('gets signs of life, with the address of the server', async (context) => {
    const endpoint = crowd();
    await context.rpc.serve(endpoint, { prefetch: 1 });
    await context.rpc.client().cast(CTXT, 'work', { value: 'first' });
    await vi.waitFor(() => expect(endpoint.started).toEqual(['first']));
    const { replies, send } = await rawCall(context, 'waiting');
    const start = performance.now();
    send();
    await vi.waitFor(() => expect(replies.length).toBeGreaterThanOrEqual(4));
    // Every half of 0.4 s.
    expect(performance.now() - start).toBeGreaterThan(750);
    expect(opened(replies[0])).toMatchObject({
      ending: false,
      result: null,
      failure: null,
      _msg_id: 'waiting',
    });
    const address = new RegExp(`^${context.rpc.topic}_fanout_[0-9a-f]{32}$`);
    expect(replies[0]?.properties.replyTo).toMatch(address);
    endpoint.gate.open();
    await vi.waitFor(() => expect(opened(replies.at(-1))).toMatchObject({ ending: true, result: 'waiting' }));
  });

  rabbitTest('is dropped when its caller cancels it', async (context) => {
    const { rpc, peer } = context;
    const endpoint = crowd();
    await rpc.serve(endpoint, { prefetch: 1 });
    await rpc.client().cast(CTXT, 'work', { value: 'first' });
    const { replies, send } = await rawCall(context, 'unwanted');
    send();
    await vi.waitFor(() => expect(replies.length).toBeGreaterThan(0));
    const options = { type: 'cancel', correlationId: 'unwanted', expiration: '60000' };
    const address = String(replies[0]?.properties.replyTo);
    peer.channel.publish('', address, Buffer.from(sealed({})), options);
    await rpc.client().cast(CTXT, 'work', { value: 'last' });
    // The cancellation comes by another queue than the cast. A question behind it is answered when both were read.
    const answers = uniqueTopic('answers');
    const answered = await peer.receive(answers);
    const question = { type: ROLL_CALL, correlationId: 'asked', replyTo: answers };
    const body = encodeRollCall(rpc.topic, 'asked', { namespace: null, version: undefined });
    peer.channel.publish('', address, body, question);
    await vi.waitFor(() => expect(answered).toHaveLength(1));
    endpoint.gate.open();
    await vi.waitFor(() => expect(endpoint.started).toContain('last'));
    expect(endpoint.started).toEqual(['first', 'last']);
  });

  rabbitTest('is dropped when its deadline passes first, as it travelled', async (context) => {
    const { rpc } = context;
    const events: string[] = [];
    const hooks = [{ onTransportEvent: ({ type }: { type: string }) => void events.push(type) }];
    const endpoint = crowd();
    await rpc.serve(endpoint, { prefetch: 1, transport: rpc.transport({ hooks }) });
    await rpc.client().cast(CTXT, 'work', { value: 'first' });
    const { send } = await rawCall(context, 'late', { _timeout: null });
    // All but a quarter second of its 10 s have passed on the way.
    send({ expiration: '10000', headers: { [SENT_AT]: sentAtText(performance.now() - 9750) } });
    await rpc.client().cast(CTXT, 'work', { value: 'last' });
    await sleep(400);
    endpoint.gate.open();
    await vi.waitFor(() => expect(endpoint.started).toContain('last'));
    expect(endpoint.started).toEqual(['first', 'last']);
    expect(events).toContain('expired_dropped');
  });
});

rabbitTest('a call that runs is cancelled by its caller: the endpoint is told', async (context) => {
  const reasons: unknown[] = [];
  const endpoint = {
    work: (_ctxt: object, _args: object, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          resolve(null);
        });
      }),
  };
  await context.rpc.serve(endpoint);
  const { replies, send } = await rawCall(context, 'running');
  send();
  await vi.waitFor(() => expect(replies.length).toBeGreaterThan(0));
  const options = { type: 'cancel', correlationId: 'running' };
  const queue = String(replies[0]?.properties.replyTo);
  context.peer.channel.publish('', queue, Buffer.from(sealed({})), options);
  await vi.waitFor(() => expect(reasons).toMatchObject([{ code: 'CALL_CANCELLED' }]));
});

/** How long (s) a server tries to send to a reply queue that is gone: for longer than a test has, or shortly. */
const TRYING = { kombuMissingConsumerRetryTimeout: 3600 };
const SHORTLY = { kombuMissingConsumerRetryTimeout: 2 };

describe('the results of a caller that has gone', () => {
  /** A server of endless results whose caller has gone after some of them. */
  async function deserted({ rpc, peer }: RabbitTest, rabbit: RabbitOptions) {
    const state = { sent: 0, ended: false };
    const endpoint = {
      async *work() {
        try {
          for (;;) {
            state.sent += 1;
            yield state.sent;
          }
        } finally {
          state.ended = true;
        }
      },
      echo: (_ctxt: object, { value }: { value: unknown }) => value,
    };
    await rpc.serve(endpoint, { transport: rpc.transport({ rabbit }) });
    const client = rpc.client();
    await client.call(CTXT, 'echo', { value: 0 });
    const queue = uniqueTopic('reply');
    await peer.channel.assertQueue(queue, { durable: false });
    const fields = { _msg_id: queue, _reply_q: queue, _unique_id: queue };
    peer.send('openstack', rpc.topic, sealed({ method: 'work', args: {}, ...fields }));
    await vi.waitFor(() => expect(state.sent).toBeGreaterThan(10));
    await peer.channel.deleteQueue(queue);
    return { state, client };
  }

  rabbitTest('hold up nobody while the server tries to send them', async (context) => {
    const { state, client } = await deserted(context, TRYING);
    expect(await client.call(CTXT, 'echo', { value: 1 })).toBe(1);
    expect(state.ended).toBe(false);
  });

  rabbitTest('stop when the server has given one up', async (context) => {
    const { state } = await deserted(context, SHORTLY);
    await vi.waitFor(() => expect(state.ended).toBe(true));
  });
});

describe('a thousand replies to callers that have gone', () => {
  async function deserted({ rpc, peer }: RabbitTest, rabbit: RabbitOptions) {
    const logger = new RecordingLogger();
    const endpoint = {
      work: () => null,
      echo: (_ctxt: object, { value }: { value: unknown }) => value,
    };
    await rpc.serve(endpoint, { transport: rpc.transport({ rabbit, logger }) });
    const client = rpc.client();
    await client.call(CTXT, 'echo', { value: 0 });
    const gone = numbers(10).map(() => uniqueTopic('reply'));
    for (const id of numbers(1000)) {
      const fields = { _msg_id: `m${id}`, _reply_q: gone[id % 10], _unique_id: `${gone[0]}${id}` };
      peer.send('openstack', rpc.topic, sealed({ method: 'work', args: {}, ...fields }));
    }
    return { logger, client };
  }

  rabbitTest('hold up nobody while the server tries to send them', async (context) => {
    const { logger, client } = await deserted(context, TRYING);
    for (const value of numbers(20)) expect(await client.call(CTXT, 'echo', { value })).toBe(value);
    expect(logger.at('warn', 'error')).toEqual([]);
  });

  rabbitTest('are given up, with one line for each caller', async (context) => {
    // Long enough for all of them to be under way.
    const { logger } = await deserted(context, { kombuMissingConsumerRetryTimeout: 6 });
    const dropped = () => logger.at('warn').reduce((sum, { data }) => sum + Number(data.messages), 0);
    await vi.waitFor(() => expect(dropped()).toBe(1000));
    expect(logger.at('warn', 'error')).toHaveLength(10);
  });
});
