import { describe, expect, test, vi } from 'vitest';
import { RawPeer } from '../../../../test/integration/support/raw-peer.ts';
import { MessageUndeliverable, type RPCClient } from '../../index.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { CTXT } from '../rpc-fixture.ts';
import { faultBench } from './support/fault-bench.ts';
import { echo, numbers, Pulse, recovery, SlowMethod } from './support/server-queues.ts';

const bench = faultBench();

/** What is logged when RabbitMQ said so itself: nobody had to find out by looking. */
function cancelled(queue: string): object {
  return {
    message: 'consuming a queue again',
    data: { queue, reason: 'RabbitMQ has cancelled its consumer' },
  };
}

/** The queues of this test's topic, by name. */
async function queueNames(): Promise<string[]> {
  const { broker, topic } = bench();
  const queues = await broker.listQueues();
  return queues.map(({ name }) => name).filter((name) => name.startsWith(topic));
}

describe('a queue that is deleted under its consumer', () => {
  test.each([
    ['of the topic', (topic: string) => topic],
    ['of one server', (topic: string) => `${topic}.host1`],
    ['of fanouts', (topic: string) => `${topic}_fanout_`],
  ])(
    '%s is declared and consumed again when RabbitMQ says so, and calls sent meanwhile are answered',
    async (_which, prefixOf) => {
      const { broker, ledger, topic } = bench();
      const [pulse, logger] = [new Pulse(), new RecordingLogger()];
      await bench().serve({ ...echo, ...pulse.endpoint, ...ledger.notebook }, 'host1', { logger });
      const caller = bench().client();
      const server = caller.prepare({ server: 'host1' });
      await Promise.all([caller, server].map((way) => ledger.call(way, 'echo', { value: 1 })));
      const names = await queueNames();
      expect(names).toHaveLength(3);
      const prefix = prefixOf(topic);
      const name = names.find(
        (candidate) =>
          candidate === prefix || (candidate.startsWith(`${topic}_fanout_`) && prefix.endsWith('_fanout_')),
      );
      await broker.deleteQueue(String(name));
      const sent = Promise.all([
        ...numbers(20).map((value) => ledger.call(caller, 'echo', { value })),
        ...numbers(20).map((value) => ledger.call(server, 'echo', { value })),
        ...numbers(20).map((value) => ledger.cast(caller, `cast ${value}`)),
      ]);
      await recovery(bench(), pulse);
      await sent;
      expect(logger.at('warn')).toContainEqual(expect.objectContaining(cancelled(String(name))));
    },
  );

  test('is declared again when it is the reply queue: a call under way gets its reply', async () => {
    const { broker, ledger } = bench();
    const slow = new SlowMethod();
    await bench().serve({ ...echo, ...slow.endpoint });
    const logger = new RecordingLogger();
    const caller = bench().client({ logger });
    const call = ledger.call(caller, 'slow', { value: 'kept' });
    await vi.waitFor(() => expect(slow.running).toBe(1));
    const replyQueues = (await broker.listQueues()).filter(({ name }) => name.startsWith('reply_'));
    expect(replyQueues).toHaveLength(1);
    for (const { name } of replyQueues) await broker.deleteQueue(name);
    slow.finish.open();
    expect(await ledger.call(caller, 'echo', { value: 2 })).toBe(2);
    expect(await call).toBe('kept');
    const [replyQueue] = replyQueues.map(({ name }) => name);
    expect(logger.at('warn')).toContainEqual(expect.objectContaining(cancelled(String(replyQueue))));
  });

  test('is consumed in the end, though it is deleted again and again while it is declared', async () => {
    const { broker, topic } = bench();
    const peer = await RawPeer.connect(broker.url);
    bench().onClose(() => peer.close());
    for (const server of ['host1', 'host2', 'host3']) {
      const serving = bench().serve(echo, server);
      for (const _time of numbers(10)) await peer.channel.deleteQueue(`${topic}.${server}`);
      await serving;
    }
    await vi.waitFor(async () => {
      const consumed = (await broker.listConsumers()).map(({ queue }) => queue);
      for (const server of ['host1', 'host2', 'host3']) {
        expect(consumed.filter((queue) => queue === `${topic}.${server}`)).toHaveLength(1);
      }
    });
  });
});

describe('an exchange that is deleted', () => {
  /** A call that nobody can get is kept for 10 s, those after it not at all; a server that is busy may need longer to notice. */
  async function answered(caller: RPCClient, value: number): Promise<void> {
    const { ledger } = bench();
    const start = performance.now();
    const answer = await ledger.call(caller, 'echo', { value }).catch((error: unknown) => error);
    if (!(answer instanceof MessageUndeliverable)) return expect(answer).toBe(value);
    expect(performance.now() - start).toBeGreaterThanOrEqual(10_000);
    await vi.waitFor(async () => expect(await ledger.call(caller, 'echo', { value })).toBe(value));
  }

  test('is declared again with its bindings, and calls sent meanwhile are answered', async () => {
    const { broker, ledger, topic } = bench();
    const pulse = new Pulse();
    const controlExchange = `exchange-${topic}`;
    await bench().serve({ ...echo, ...pulse.endpoint, ...ledger.notebook }, 'host1', { controlExchange });
    const caller = bench().client({ controlExchange });
    await ledger.call(caller, 'echo', { value: 1 });
    const peer = await RawPeer.connect(broker.url);
    await peer.channel.deleteExchange(controlExchange);
    await peer.channel.deleteExchange(`${topic}_fanout`);
    await peer.close();
    const casts = numbers(20).map((value) => ledger.cast(caller, value));
    await answered(caller, 2);
    await Promise.all(casts);
    const fanout = caller.prepare({ fanout: true });
    await vi.waitFor(async () => {
      await fanout.cast(CTXT, 'pulse', {});
      expect(pulse.count).toBeGreaterThan(0);
    });
  });
});

describe('a server that is restarted', () => {
  test('100 times leaves as many queues and exchanges as once, and what was sent to it meanwhile', async () => {
    const { broker, expiring, ledger, topic } = bench();
    const entities = async () => ({
      // Removing has a limited time; what it ran out for is told.
      queues: (await queueNames()).filter((name) => !expiring.names.has(name)).sort(),
      exchanges: (await broker.rabbitmqctl('--silent', 'list_exchanges', 'name')).split('\n').sort(),
    });
    const restart = async () => {
      const server = await bench().serve({ ...echo, ...ledger.notebook });
      await server.stop();
    };
    const caller = bench().client();
    await restart();
    const before = await entities();
    expect(before.queues).toEqual([topic, `${topic}.host1`]);
    const own = caller.prepare({ server: 'host1' });
    for (const round of numbers(100)) {
      await ledger.cast(round % 2 ? own : caller, round);
      await restart();
    }
    await vi.waitFor(async () => expect(await entities()).toEqual(before));
    expect(expiring.names.size).toBeLessThan(50);
    await bench().serve({ ...echo, ...ledger.notebook });
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(100));
    expect(ledger.repeated).toBe(0);
  });

  test('under load has run each message that it took, and leaves the others', async () => {
    const { ledger } = bench();
    const first = {
      count: 0,
      note: (ctxt: object, args: { value: unknown }) => {
        first.count += 1;
        ledger.notebook.note(ctxt, args);
      },
    };
    const server = await bench().serve(first, 'host1');
    const caller = bench().client();
    const casts = Promise.all(numbers(3000).map((value) => ledger.cast(caller, value)));
    await vi.waitFor(() => expect(first.count).toBeGreaterThan(0));
    await server.stop();
    await server.wait();
    await casts;
    const taken = first.count;
    await bench().serve(ledger.notebook, 'host2');
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(3000));
    expect(first.count).toBe(taken);
    expect(ledger.repeated).toBe(0);
  });
});

describe('what the broker shows', () => {
  test('is the prefetch count and the heartbeat of the options', async () => {
    const { broker, topic } = bench();
    const rabbit = { rabbitQosPrefetchCount: 7, heartbeatTimeoutThreshold: 17 };
    await bench().serve(echo, 'host1', { rabbit });
    const consumers = await broker.rabbitmqctl('--silent', 'list_consumers', 'queue_name', 'prefetch_count');
    const mine = consumers.split('\n').filter((row) => row.startsWith(topic));
    expect(mine.map((row) => row.split('\t')[1])).toEqual(['7', '7', '7']);
    const heartbeats = (await broker.rabbitmqctl('--silent', 'list_connections', 'timeout')).trim();
    expect(new Set(heartbeats.split('\n'))).toEqual(new Set(['17']));
  });

  test('is one connection of a client process, and two of a server: one consumes, one publishes', async () => {
    const { broker, ledger, topic } = bench();
    await bench().serve(echo, 'host1', { name: 'server' });
    const caller = bench().client({ name: 'client' });
    await Promise.all(numbers(3).map((value) => ledger.call(caller, 'echo', { value })));
    await caller.prepare({ fanout: true }).cast(CTXT, 'pulse', {});
    const names = (await broker.listConnections()).map(({ name }) => name.replace(/:\d+:/, ': '));
    expect(names.sort()).toEqual(['client: publisher', 'server: publisher', `server: ${topic}.host1`]);
  });
});
