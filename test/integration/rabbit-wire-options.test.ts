import { randomBytes } from 'node:crypto';
import { deflateSync, gzipSync, inflateSync } from 'node:zlib';
import { TopologyMismatch } from '@mini-nova/messaging';
import type { ConsumeMessage } from 'amqplib';
import { describe, expect, vi } from 'vitest';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT } from '../../packages/messaging/test/rpc-fixture.ts';
import { rabbitTest } from './support/rabbit-test.ts';
import { opened, type RawPeer, sealed } from './support/raw-peer.ts';

const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };
const kombu = { compression: 'application/x-gzip' };

function publish(peer: RawPeer, queue: string, content: Buffer, headers: object): void {
  peer.channel.publish('', queue, content, { headers });
}

function inflated(message: ConsumeMessage | undefined): Record<string, unknown> {
  const content = inflateSync(message?.content ?? Buffer.alloc(0));
  return opened({ content } as ConsumeMessage);
}

describe('compression', () => {
  rabbitTest("is kombu's, in both directions, in requests", async ({ rpc, peer, exchange }) => {
    const requests = await peer.receive(rpc.topic, exchange);
    const rabbit = { kombuCompression: 'gzip' as const };
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange, rabbit }) });
    await client.cast(CTXT, 'note', { value: 'x'.repeat(1000) });
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    expect(requests[0]?.properties).toMatchObject({ headers: kombu, contentType: 'application/json' });
    expect(requests[0]?.content.length).toBeLessThan(500);
    expect(inflated(requests[0])).toMatchObject({ method: 'note', args: { value: 'x'.repeat(1000) } });
  });

  rabbitTest('goes both ways, between ends that compress and ends that do not', async ({ rpc }) => {
    const rabbit = { kombuCompression: 'gzip' as const };
    await rpc.serve(echo, { server: 'plain' });
    await rpc.serve(echo, { server: 'gzip', transport: rpc.transport({ rabbit }) });
    for (const client of [rpc.client(), rpc.client({ transport: rpc.transport({ rabbit }) })]) {
      for (const server of ['plain', 'gzip']) {
        expect(await client.prepare({ server }).call(CTXT, 'echo', { value: 'ünï' })).toBe('ünï');
      }
    }
  });

  for (const [name, compress] of [
    ["zlib's", deflateSync],
    ["gzip's", gzipSync],
  ] as const) {
    rabbitTest(`of replies is understood in ${name} format`, async ({ rpc, peer, exchange }) => {
      const requests = await peer.receive(rpc.topic, exchange);
      const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }) });
      const call = client.call(CTXT, 'echo', {});
      await vi.waitFor(() => expect(requests).toHaveLength(1));
      const { _msg_id, _reply_q } = opened(requests[0]);
      const body = sealed({ result: 'small', failure: null, ending: true, _msg_id });
      publish(peer, String(_reply_q), compress(body), kombu);
      expect(await call).toBe('small');
    });
  }

  rabbitTest('that cannot be undone costs its message and one log line', async ({ rpc, peer, exchange }) => {
    const bomb = deflateSync(Buffer.alloc(32 * 1024 * 1024));
    const requests = await peer.receive(rpc.topic, exchange);
    const logger = new RecordingLogger();
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange, logger }) });
    const call = client.call(CTXT, 'echo', {});
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    const { _msg_id, _reply_q } = opened(requests[0]);
    const body = sealed({ result: 'good', failure: null, ending: true, _msg_id });
    publish(peer, String(_reply_q), Buffer.from(body), { compression: 'application/x-bz2' });
    publish(peer, String(_reply_q), Buffer.from(body), kombu);
    publish(peer, String(_reply_q), bomb, kombu);
    publish(peer, String(_reply_q), Buffer.from(body), {});
    expect(await call).toBe('good');
    expect(logger.at('warn').map(({ data }) => data.reason)).toEqual([
      'its compression is unknown: application/x-bz2',
      'it cannot be unpacked',
      expect.stringMatching(/^it is larger than \d+ bytes when unpacked$/),
    ]);
  });
});

describe('requests that are compressed', () => {
  const request = (n: number, more = '') => sealed({ method: 'note', args: { n, more }, version: '1.0' });

  for (const ackPolicy of ['before', 'after'] as const) {
    rabbitTest(`run in their order among those that are not (${ackPolicy})`, async ({ rpc, peer }) => {
      const runs: number[] = [];
      await rpc.serve({ note: (_ctxt: object, { n }: { n: number }) => void runs.push(n) }, { ackPolicy });
      const large = randomBytes(256 * 1024).toString('hex');
      for (let n = 0; n < 30; n += 3) {
        publish(peer, rpc.topic, deflateSync(request(n, large)), kombu);
        publish(peer, rpc.topic, Buffer.from(request(n + 1)), {});
        publish(peer, rpc.topic, gzipSync(request(n + 2)), kombu);
      }
      await vi.waitFor(() => expect(runs).toHaveLength(30));
      expect(runs).toEqual(Array.from({ length: 30 }, (_, n) => n));
    });
  }

  rabbitTest(
    'and would fill the memory are dropped with a line each, and the others run',
    async (context) => {
      const { rpc, peer } = context;
      const logger = new RecordingLogger();
      const runs: number[] = [];
      const endpoint = { note: (_ctxt: object, { n }: { n: number }) => void runs.push(n) };
      await rpc.serve(endpoint, { transport: rpc.transport({ logger }) });
      const bomb = deflateSync(request(0, 'x'.repeat(64 * 1024 * 1024)));
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }, 5);
      try {
        for (let n = 0; n < 20; n += 1) publish(peer, rpc.topic, bomb, kombu);
        publish(peer, rpc.topic, Buffer.from(request(1)), {});
        await vi.waitFor(() => expect(runs).toEqual([1]));
      } finally {
        clearInterval(watch);
      }
      const refused = logger.at('warn').map(({ data }) => String(data.reason));
      expect(refused).toEqual(
        Array(20).fill(expect.stringMatching(/^it is larger than \d+ bytes when unpacked$/)),
      );
      // Twenty of them at once would be above a gigabyte.
      expect(most).toBeLessThan(256 * 1024 * 1024);
    },
  );
});

describe('an exchange that is declared otherwise', () => {
  rabbitTest('fails what is sent to it with what differs, and spoils nothing else', async (context) => {
    const { rpc, peer, exchange } = context;
    await peer.channel.assertExchange(exchange, 'topic', { durable: true, autoDelete: true });
    await rpc.serve(echo);
    const logger = new RecordingLogger();
    const client = rpc.client({ transport: rpc.transport({ logger }) });
    const other = client.prepare({ exchange });
    const sent = [other.call(CTXT, 'echo', {}), other.cast(CTXT, 'note', {})];
    const fine = client.call(CTXT, 'echo', { value: 'fine' });
    for (const outcome of await Promise.allSettled(sent)) {
      expect(outcome).toMatchObject({
        reason: { code: 'TOPOLOGY_MISMATCH', kind: 'exchange', entity: exchange, argument: 'durable' },
      });
    }
    expect(await fine).toBe('fine');
    // The broker is not asked again for each: that costs the channel each time.
    const channelsLost = () =>
      logger.at('warn').filter(({ message }) => message.includes('closed a channel'));
    const before = channelsLost().length;
    for (let times = 0; times < 10; times += 1) {
      await expect(other.cast(CTXT, 'note', {})).rejects.toMatchObject({ wanted: 'false', actual: 'true' });
    }
    expect(channelsLost()).toHaveLength(before);
  });

  rabbitTest('as another type is told as well', async ({ rpc, peer, exchange }) => {
    await peer.channel.assertExchange(exchange, 'fanout', { durable: false, autoDelete: true });
    const call = rpc.client().prepare({ exchange }).call(CTXT, 'echo', {});
    await expect(call).rejects.toThrow(TopologyMismatch);
    await expect(call).rejects.toMatchObject({ argument: 'type', wanted: 'topic', actual: 'fanout' });
  });

  rabbitTest(
    'as not durable, by a service that shares it, is used as it is',
    async ({ rpc, peer, exchange }) => {
      await peer.channel.assertExchange(exchange, 'topic', { durable: false });
      const logger = new RecordingLogger();
      const rabbit = { amqpDurableQueues: true };
      const transport = () => rpc.transport({ controlExchange: exchange, rabbit, logger });
      await rpc.serve(echo, { transport: transport() });
      const client = rpc.client({ transport: transport() });
      expect(await client.call(CTXT, 'echo', { value: 1 })).toBe(1);
      await client.cast(CTXT, 'note', {});
      const told = logger.at('warn').filter(({ message }) => message.includes('used as it is'));
      expect(told.map(({ data }) => data.exchange)).toEqual([exchange, exchange]);
      await peer.channel.deleteExchange(exchange);
    },
  );
});
