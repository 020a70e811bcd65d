import { describe, expect, test, vi } from 'vitest';
import { ServerLost } from '../../errors.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { faultBench } from './support/fault-bench.ts';
import { echo, numbers, SlowMethod } from './support/server-queues.ts';

const bench = faultBench();

describe('a server that is killed', () => {
  test('between acknowledgement and reply: its callers learn that it is lost long before their timeout', async () => {
    const { ledger } = bench();
    const server = await bench().spawn({ server: 'host1' });
    bench().aftermath.leftovers.fanoutQueues = 1;
    const caller = bench().client();
    const work = (value: string) => ({ seconds: 600, value });
    const watchful = caller.prepare({ callMonitorTimeout: 1 });
    const byDefault = ledger.call(caller, 'work', work('default'), 600);
    const sooner = ledger.call(watchful, 'work', work('sooner'), 600);
    await Promise.all([server.waitFor('working', 'default'), server.waitFor('working', 'sooner')]);
    // The topic has another server, that knows nothing of these calls.
    await bench().serve(echo, 'host2');
    await server.kill();
    await expect(sooner).rejects.toThrow(ServerLost);
    await expect(byDefault).rejects.toThrow(ServerLost);
    // What comes now is served by the other.
    expect(await ledger.call(caller, 'echo', { value: 'next' })).toBe('next');
  });

  test('before it took a request: another server runs it', async () => {
    const { ledger } = bench();
    const server = await bench().spawn({ server: 'host1', rabbit: { rabbitQosPrefetchCount: 1 } });
    bench().aftermath.leftovers.fanoutQueues = 1;
    const caller = bench().client();
    const first = ledger.outcome(caller.prepare({ callMonitorTimeout: 1 }), 'work', { seconds: 600 }, 600);
    await server.waitFor('working');
    const waiting = numbers(20).map((value) => ledger.call(caller, 'echo', { value }));
    await bench().serve(echo, 'host2');
    await server.kill();
    expect(await Promise.all(waiting)).toEqual(numbers(20));
    expect(await first).toEqual({ code: 'SERVER_LOST' });
  });
});

/** With it or without it, the topic has other servers. The defaults are tried once: their time is long. */
const OTHERS = [
  { others: [], monitoring: {} },
  { others: ['host2'], monitoring: { callMonitorTimeout: 1 } },
  { others: ['host2', 'host3'], monitoring: { callMonitorTimeout: 1 } },
];

describe('a server that is killed before it could show a sign of life', () => {
  test.each(OTHERS)(
    'is lost at once when it is doubted, with others: $others',
    async ({ others, monitoring }) => {
      const { ledger } = bench();
      const server = await bench().spawn({ server: 'host1' });
      bench().aftermath.leftovers.fanoutQueues = 1;
      const caller = bench().client().prepare(monitoring);
      const lost = ledger.call(caller, 'stall', { seconds: 600 }, 600).catch((error: unknown) => error);
      await server.waitFor('stalling');
      for (const other of others) await bench().serve(echo, other);
      await server.kill();
      expect(await lost).toMatchObject({
        code: 'SERVER_LOST',
        message: expect.stringMatching(others.length === 0 ? 'nobody consumes' : 'no consumer of queue'),
      });
    },
  );

  test('is lost as soon when its successor is there', async () => {
    const { ledger } = bench();
    const server = await bench().spawn({ server: 'host1' });
    bench().aftermath.leftovers.fanoutQueues = 1;
    const caller = bench().client();
    const own = caller.prepare({ server: 'host1', callMonitorTimeout: 1 });
    const lost = ledger.call(own, 'stall', { seconds: 600 }, 600).catch((error: unknown) => error);
    await server.waitFor('stalling');
    await server.kill();
    await bench().serve(echo, 'host1');
    expect(await lost).toMatchObject({
      code: 'SERVER_LOST',
      // Nobody, when it is doubted before the successor consumes.
      message: expect.stringMatching(/nobody consumes|no consumer of queue/),
    });
  });
});

describe('a server that gets no processor before it could show a sign of life', () => {
  test.each(OTHERS)(
    'answers when it has some again, with others: $others',
    async ({ others, monitoring }) => {
      const { ledger, topic } = bench();
      const logger = new RecordingLogger();
      const server = await bench().spawn({ server: 'host1' });
      for (const other of others) await bench().serve(echo, other);
      const caller = bench().client({ logger }).prepare(monitoring);
      server.pause();
      // As many to the topic as it has servers, who take turns.
      const toTopic = numbers(1 + others.length).map((value) => ledger.call(caller, 'echo', { value }));
      const toServer = ledger.call(caller.prepare({ server: 'host1' }), 'echo', { value: 'own' });
      const answers = Promise.all([...toTopic, toServer]);
      const waiting = vi.waitFor(() => {
        const waits = logger.lines.filter(({ message }) => message === 'silent servers are waited for');
        const queues = new Set(waits.map(({ data }) => data.queue));
        expect(queues).toEqual(new Set([topic, `${topic}.host1`]));
      });
      await Promise.race([answers, waiting]);
      server.resume();
      expect(await answers).toEqual([...numbers(1 + others.length), 'own']);
    },
  );
});

describe('a client that is killed while its call runs', () => {
  test('costs the server and the other clients nothing', async () => {
    const { broker, ledger } = bench();
    const slow = new SlowMethod();
    // For longer than the test has.
    const trying = { kombuMissingConsumerRetryTimeout: 3600 };
    const server = await bench().serve({ ...echo, ...slow.endpoint }, 'host1', { rabbit: trying });
    const rabbit = { rabbitTransientQueuesTtl: 1 };
    const dying = await bench().spawn({ rabbit, call: { method: 'slow', args: { value: 'nobody waits' } } });
    await vi.waitFor(() => expect(slow.running).toBe(1));
    await dying.kill();
    await vi.waitFor(async () => {
      const queues = await broker.listQueues();
      expect(queues.filter(({ name }) => name.startsWith('reply_'))).toEqual([]);
    });
    slow.finish.open();
    const caller = bench().client();
    for (const value of numbers(50)) expect(await ledger.call(caller, 'echo', { value })).toBe(value);
    await server.stop();
    await server.wait();
  });
});

describe('a method that computes for longer than the heartbeat allows', () => {
  test('costs its server the connection, and neither its life nor the reply', async () => {
    const { ledger } = bench();
    const server = await bench().spawn({ server: 'host1', rabbit: { heartbeatTimeoutThreshold: 1 } });
    // For a moment, nobody consumes the queue.
    const caller = bench().client({ callMonitorTimeout: null });
    const own = caller.prepare({ server: 'host1' });
    const isLost = () => server.output.includes('connection to RabbitMQ lost');
    // A broker that is busy itself misses heartbeats later.
    for (let seconds = 5; !isLost(); seconds *= 2) {
      const value = `done ${seconds}`;
      const call = ledger.call(caller, 'compute', { seconds, value });
      await server.waitFor('computing', value);
      // It comes while the server is deaf.
      const next = ledger.call(caller, 'echo', { value: 'next' });
      expect(await call).toBe(value);
      expect(await next).toBe('next');
      expect(await ledger.call(own, 'echo', { value: 'own' })).toBe('own');
    }
  });
});
