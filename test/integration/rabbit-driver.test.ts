import { MessageDeliveryFailure, MessagingTimeout } from '@mini-nova/messaging';
import { freePort, getRabbit, uniqueTopic } from '@mini-nova/testing';
import { describe, expect, test, vi } from 'vitest';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { describeTransport } from '../../packages/messaging/test/transport-behaviour.ts';
import { rabbitTest } from './support/rabbit-test.ts';
import { opened, sealed } from './support/raw-peer.ts';

describeTransport('RabbitMQ', async () => (await getRabbit()).url);

const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };

/** An endpoint that notes what it is told. */
function notebook(): { notes: unknown[]; note(ctxt: object, args: { value: unknown }): void } {
  const notes: unknown[] = [];
  return { notes, note: (_ctxt, { value }) => void notes.push(value) };
}

describe('on the wire', () => {
  rabbitTest('a call carries the properties and keys of oslo.messaging', async ({ rpc, peer, exchange }) => {
    const requests = await peer.receive(rpc.topic, exchange);
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }) });
    const call = client.prepare({ version: '1.2', timeout: 600 }).call(CTXT, 'echo', { value: 1 });
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    const request = opened(requests[0]);
    peer.send(
      '',
      String(request._reply_q),
      sealed({ result: 'raw', ending: true, _msg_id: request._msg_id }),
    );
    expect(await call).toBe('raw');
    expect(requests[0]?.properties).toMatchObject({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      priority: 0,
      // The rest of 600 s, since connecting takes its time.
      expiration: expect.stringMatching(/^(600000|5\d{5})$/),
    });
    const { 'x-sent-at': sentAt, ...others } = requests[0]?.properties.headers ?? {};
    expect(others).toEqual({});
    expect(sentAt).toMatch(/^[0-9a-f]{12}\/\d+$/);
    expect(Object.keys(request).join(' ')).toBe(
      'method args version _msg_id _reply_q _timeout _unique_id _context_user_id _context_project_id _context_request_id',
    );
  });

  rabbitTest('replies for another client, or for a call that has ended, do no harm', async (context) => {
    const { rpc, peer, exchange } = context;
    const requests = await peer.receive(rpc.topic, exchange);
    const logger = new RecordingLogger();
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange, logger }) });
    const call = client.call(CTXT, 'echo', {});
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    const { _reply_q: queue, _msg_id: id } = opened(requests[0]);
    peer.send('', String(queue), sealed({ result: 1, ending: true, _msg_id: 'another' }));
    for (const result of ['first', 'second']) {
      peer.send('', String(queue), sealed({ result, ending: true, _msg_id: id }));
    }
    expect(await call).toBe('first');
    await vi.waitFor(() =>
      expect(logger.at('debug').filter(({ message }) => message.includes('nobody waits'))).toHaveLength(2),
    );
    expect(logger.at('warn', 'error')).toEqual([]);
  });

  rabbitTest('a request that arrives twice runs once', async ({ rpc, peer }) => {
    const endpoint = notebook();
    await rpc.serve(endpoint);
    const body = sealed({ method: 'note', args: { value: 'twice' }, _unique_id: 'same' });
    peer.send('openstack', rpc.topic, body);
    peer.send('openstack', rpc.topic, body);
    peer.send(
      'openstack',
      rpc.topic,
      sealed({ method: 'note', args: { value: 'last' }, _unique_id: 'last' }),
    );
    await vi.waitFor(() => expect(endpoint.notes).toContain('last'));
    expect(endpoint.notes).toEqual(['twice', 'last']);
  });

  rabbitTest('thousands of calls at once each get their own answer', async ({ rpc }) => {
    await rpc.serve(echo, { server: 'host1' });
    await rpc.serve(echo, { server: 'host2' });
    const client = rpc.client({ timeout: 250 });
    const numbers = Array.from({ length: 5000 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((value) => client.call(CTXT, 'echo', { value })));
    expect(answers).toEqual(numbers);
  });
});

describe('what cannot be read', () => {
  const noise = Buffer.alloc(5 * 1024 * 1024, 'noise');
  const garbage: [string, string | Buffer][] = [
    ['not JSON', 'garbage'],
    ['of a wrong envelope version', sealed({ method: 'echo', args: {} }, '3.0')],
    ['without a method', sealed({ args: {} })],
    ['5 MB of noise', noise],
  ];

  for (const [what, body] of garbage) {
    rabbitTest(`${what}, is dropped with one log line from each queue of a server`, async ({ rpc, peer }) => {
      const logger = new RecordingLogger();
      await rpc.serve(echo, { transport: rpc.transport({ logger }) });
      peer.send('openstack', rpc.topic, body);
      peer.send('openstack', `${rpc.topic}.host1`, body);
      peer.send(`${rpc.topic}_fanout`, '', body);
      await vi.waitFor(() => expect(logger.at('warn', 'error')).toHaveLength(3));
      const queues = logger.at('warn').map(({ data }) => String(data.queue));
      const fanout = new RegExp(`^${rpc.topic}_fanout_[0-9a-f]{32}$`);
      expect(queues.sort()).toEqual([rpc.topic, `${rpc.topic}.host1`, expect.stringMatching(fanout)]);
      for (const line of logger.at('warn')) {
        expect(line.data).toMatchObject({ size: body.length, reason: expect.any(String) });
        expect(JSON.stringify(line).length).toBeLessThan(300);
      }
      expect(await rpc.client().call(CTXT, 'echo', { value: 'good' })).toBe('good');
      expect(await rpc.client().prepare({ server: 'host1' }).call(CTXT, 'echo', { value: 1 })).toBe(1);
    });

    rabbitTest(
      `${what}, is dropped with one log line from a reply queue`,
      async ({ rpc, peer, exchange }) => {
        const requests = await peer.receive(rpc.topic, exchange);
        const logger = new RecordingLogger();
        const client = rpc.client({ transport: rpc.transport({ logger, controlExchange: exchange }) });
        const call = client.call(CTXT, 'echo', {});
        await vi.waitFor(() => expect(requests).toHaveLength(1));
        const { _reply_q: queue, _msg_id: id } = opened(requests[0]);
        peer.send('', String(queue), body);
        peer.send('', String(queue), sealed({ result: 'good', ending: true, _msg_id: id }));
        expect(await call).toBe('good');
        expect(logger.at('warn', 'error')).toMatchObject([{ data: { queue, size: body.length } }]);
      },
    );
  }
});

describe('a message without a queue', () => {
  rabbitTest('is delivered when its server starts soon', async ({ rpc }) => {
    const client = rpc.client();
    await client.cast(CTXT, 'note', { value: 'early cast' });
    const patient = client.prepare({ failUndeliverable: false });
    const call = patient.call(CTXT, 'echo', { value: 'early call' });
    const endpoint = { ...echo, ...notebook() };
    await rpc.serve(endpoint);
    expect(await call).toBe('early call');
    await vi.waitFor(() => expect(endpoint.notes).toEqual(['early cast']));
  });

  rabbitTest('is given up with one log line when no server starts', async ({ rpc }) => {
    const logger = new RecordingLogger();
    const transport = rpc.transport({ logger, rabbit: { kombuMissingConsumerRetryTimeout: 0.3 } });
    await rpc.client({ transport }).cast(CTXT, 'note', {});
    const given = () => logger.at('warn', 'error').map(({ data }) => [data.routingKey, data.messages]);
    await vi.waitFor(() => expect(given()).toEqual([[rpc.topic, 1]]));
  });

  rabbitTest('may be a reply, which arrives when the reply queue comes back', async ({ rpc, peer }) => {
    await rpc.serve(echo);
    const queue = uniqueTopic('reply');
    const fields = { _msg_id: 'm', _reply_q: queue, _unique_id: queue };
    peer.send('openstack', rpc.topic, sealed({ method: 'echo', args: { value: 'patient' }, ...fields }));
    // While it is missing, the server goes on with its work.
    expect(await rpc.client().call(CTXT, 'echo', { value: 1 })).toBe(1);
    const replies = await peer.receive(queue);
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    expect(opened(replies[0])).toMatchObject({ result: 'patient', ending: true, _msg_id: 'm' });
  });

  rabbitTest('is dropped with one log line when it is a reply and its caller has gone', async (context) => {
    const { rpc, peer } = context;
    const logger = new RecordingLogger();
    const transport = rpc.transport({ logger, rabbit: { kombuMissingConsumerRetryTimeout: 4 } });
    await rpc.serve(echo, { transport });
    const queue = uniqueTopic('reply');
    for (const id of ['a', 'b', 'c']) {
      const fields = { _msg_id: id, _reply_q: queue, _unique_id: queue + id };
      peer.send('openstack', rpc.topic, sealed({ method: 'echo', args: { value: 1 }, ...fields }));
    }
    await vi.waitFor(() => expect(logger.at('warn', 'error')).toHaveLength(1));
    expect(logger.at('warn')).toMatchObject([{ data: { routingKey: queue, messages: 3 } }]);
  });
});

describe('what the broker refuses', () => {
  rabbitTest('fails the cast, and spoils nothing else', async ({ rpc, peer, exchange }) => {
    await peer.channel.assertExchange(exchange, 'fanout', { durable: false, autoDelete: true });
    const endpoint = notebook();
    await rpc.serve(endpoint);
    const client = rpc.client();
    const refused = [client.prepare({ exchange }).cast(CTXT, 'note', { value: 'wrong kind of exchange' })];
    const values = Array.from({ length: 50 }, (_, index) => index);
    const casts = values.map((value) => client.cast(CTXT, 'note', { value }));
    for (const cast of refused) await expect(cast).rejects.toThrow(MessageDeliveryFailure);
    await Promise.all(casts);
    await vi.waitFor(() => expect(endpoint.notes).toHaveLength(50));
  });

  rabbitTest(
    'is a fanout whose exchange cannot have such a name: it fails at once, and alone',
    async ({ rpc }) => {
      const endpoint = notebook();
      await rpc.serve(endpoint);
      const client = rpc.client();
      const long = client
        .prepare({ topic: 'x'.repeat(250), fanout: true })
        .cast(CTXT, 'note', { value: 'long' });
      const fanout = client.prepare({ fanout: true });
      const others = [fanout.cast(CTXT, 'note', { value: 1 }), client.cast(CTXT, 'note', { value: 2 })];
      await expect(long).rejects.toThrow(/exchange "x+…" has 257 bytes, and may have 255/);
      await Promise.all(others);
      await fanout.cast(CTXT, 'note', { value: 3 });
      await vi.waitFor(() => expect(endpoint.notes).toHaveLength(3));
    },
  );

  rabbitTest('fails the start of the server whose queue it is', async ({ rpc, peer }) => {
    await peer.channel.assertQueue(rpc.topic, { durable: true });
    try {
      await expect(rpc.serve(echo)).rejects.toMatchObject({
        code: 'TOPOLOGY_MISMATCH',
        kind: 'queue',
        entity: rpc.topic,
        argument: 'durable',
        wanted: 'false',
        actual: 'true',
      });
    } finally {
      await peer.channel.deleteQueue(rpc.topic);
    }
  });

  rabbitTest('is a fanout exchange that is gone: it is declared again', async ({ rpc }) => {
    const sender = rpc.client();
    for (const value of [1, 2]) {
      const endpoint = notebook();
      const server = await rpc.serve(endpoint);
      await sender.prepare({ fanout: true }).cast(CTXT, 'note', { value });
      await vi.waitFor(() => expect(endpoint.notes).toEqual([value]));
      // The exchange goes with its last queue.
      await server.stop();
    }
  });
});

describe('a broker that cannot be reached', () => {
  async function unreachable(): Promise<RpcFixture> {
    return new RpcFixture(`rabbit://guest:guest@127.0.0.1:${await freePort()}/`);
  }

  test('fails at once a cast that is not to be retried', async () => {
    const rpc = await unreachable();
    const cast = rpc.client().prepare({ retry: 0 }).cast(CTXT, 'note', {});
    await expect(cast).rejects.toMatchObject({
      code: 'MESSAGE_DELIVERY_FAILURE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await rpc.close();
  });

  test('fails a cast after the number of retries', async () => {
    const rpc = await unreachable();
    const logger = new RecordingLogger();
    const rabbit = { rabbitRetryInterval: 0.05, rabbitRetryBackoff: 0 };
    const client = rpc.client({ transport: rpc.transport({ logger, rabbit }) });
    await expect(client.prepare({ retry: 3 }).cast(CTXT, 'note', {})).rejects.toThrow(MessageDeliveryFailure);
    const attempts = [...logger.at('warn'), ...logger.at('debug')].filter(({ message }) =>
      message.startsWith('cannot connect'),
    );
    expect(attempts).toHaveLength(4);
    // An outage may last for hours.
    expect(logger.at('warn')).toHaveLength(1);
    await rpc.close();
  });

  test('times a call out', async () => {
    const rpc = await unreachable();
    const call = rpc.client().prepare({ timeout: 0.3 }).call(CTXT, 'echo', {});
    await expect(call).rejects.toThrow(MessagingTimeout);
    await rpc.close();
  });

  test('does not keep a transport from closing, and what it held is reported', async () => {
    const rpc = await unreachable();
    const transport = rpc.transport();
    const cast = rpc.client({ transport }).cast(CTXT, 'note', {});
    const serving = rpc.serve(echo, { transport });
    const outcomes = Promise.allSettled([cast, serving]);
    await transport.close();
    expect(await outcomes).toMatchObject(
      Array(2).fill({ status: 'rejected', reason: { code: 'MESSAGE_DELIVERY_FAILURE' } }),
    );
    await rpc.close();
  });

  test('is passed over for the next host of the URL', async () => {
    const { url } = await getRabbit();
    const dead = `guest:guest@127.0.0.1:${await freePort()}`;
    const rpc = new RpcFixture(url.replace('://', `://${dead},`));
    await rpc.serve(echo);
    expect(await rpc.client().call(CTXT, 'echo', { value: 'there' })).toBe('there');
    await rpc.close();
  });
});
