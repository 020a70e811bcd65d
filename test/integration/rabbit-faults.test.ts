import { getRpcServer, MessageDeliveryFailure, Target, type TransportOptions } from '@mini-nova/messaging';
import { freePort, type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, Gate, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { RawPeer } from './support/raw-peer.ts';

let broker: PrivateRabbit;
let rpc: RpcFixture;

beforeAll(async () => {
  broker = await startRabbit();
});
afterAll(() => broker.close());
beforeEach(() => {
  rpc = new RpcFixture(broker.url);
});
afterEach(() => rpc.close());

/** Short waits between connection attempts, so that tests measure the driver and not the pause. */
const rabbit: TransportOptions['rabbit'] = { rabbitRetryInterval: 0.3, rabbitRetryBackoff: 0 };
const transport = (options: Partial<TransportOptions> = {}) => rpc.transport({ rabbit, ...options });
const serve = (endpoint: object, server = 'host1') => rpc.serve(endpoint, { server, transport: transport() });
const client = () => rpc.client({ transport: transport() });

const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };

function notebook(): { notes: unknown[]; note(ctxt: object, args: { value: unknown }): void } {
  const notes: unknown[] = [];
  return { notes, note: (_ctxt, { value }) => void notes.push(value) };
}

/** How long (ms) it takes until a call to each queue of the server is answered again. */
async function timeToRecover(endpoint: { notes: unknown[] }): Promise<number> {
  const start = performance.now();
  const caller = client();
  const short = { timeout: 0.5 };
  await vi.waitFor(() => caller.prepare(short).call(CTXT, 'echo', { value: 1 }), 10_000);
  await vi.waitFor(
    () => caller.prepare({ ...short, server: 'host1' }).call(CTXT, 'echo', { value: 1 }),
    10_000,
  );
  const before = endpoint.notes.length;
  await vi.waitFor(async () => {
    await caller.prepare({ fanout: true }).cast(CTXT, 'note', { value: 'fanout' });
    expect(endpoint.notes.length).toBeGreaterThan(before);
  }, 10_000);
  return performance.now() - start;
}

describe('a broker that crashes and comes back', () => {
  test('while nothing runs: servers consume again and clients call again', async () => {
    const endpoint = { ...echo, ...notebook() };
    await serve(endpoint);
    const caller = client();
    expect(await caller.call(CTXT, 'echo', { value: 'before' })).toBe('before');
    await broker.kill();
    await broker.start();
    expect(await timeToRecover(endpoint)).toBeLessThan(2500);
    expect(await caller.call(CTXT, 'echo', { value: 'after' })).toBe('after');
  });

  test('while calls run: each ends with its result, by the same reply queue', async () => {
    const finish = new Gate();
    let running = 0;
    await serve({
      slow: async (_ctxt: object, { value }: { value: number }) => {
        running += 1;
        await finish.opened;
        return value;
      },
    });
    const caller = client();
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const calls = numbers.map((value) => caller.call(CTXT, 'slow', { value }));
    await vi.waitFor(() => expect(running).toBe(50));
    await broker.kill();
    finish.open();
    await broker.start();
    expect(await Promise.all(calls)).toEqual(numbers);
    expect(running).toBe(50);
  });

  test('while casts and calls are sent: they wait for it, and each runs once', async () => {
    const endpoint = { ...echo, ...notebook() };
    await serve(endpoint);
    const caller = client();
    await caller.call(CTXT, 'echo', { value: 'warm' });
    await broker.kill();
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const casts = numbers.map((value) => caller.cast(CTXT, 'note', { value }));
    const calls = numbers.map((value) => caller.call(CTXT, 'echo', { value }));
    await broker.start();
    await Promise.all(casts);
    expect(await Promise.all(calls)).toEqual(numbers);
    await vi.waitFor(() => expect(endpoint.notes).toHaveLength(50), 5000);
    expect(new Set(endpoint.notes).size).toBe(50);
  });

  test('while it is down, a cast that is not to be tried again fails at once', async () => {
    const caller = client();
    await caller.cast(CTXT, 'note', {});
    await broker.kill();
    try {
      const cast = () => caller.prepare({ retry: 0 }).cast(CTXT, 'note', {});
      await expect(cast()).rejects.toThrow(MessageDeliveryFailure);
      await expect(cast()).rejects.toThrow(MessageDeliveryFailure);
    } finally {
      await broker.start();
    }
  });

  test('while it is down, everything can be closed', async () => {
    await serve(echo);
    const caller = client();
    const call = caller.call(CTXT, 'echo', { value: 1 });
    await call;
    const pending = caller.call(CTXT, 'echo', { value: 2 }).catch((error: unknown) => error);
    await broker.kill();
    try {
      const start = performance.now();
      await rpc.close();
      expect(performance.now() - start).toBeLessThan(3000);
      await pending;
    } finally {
      await broker.start();
    }
  });
});

describe('a connection that the broker closes', () => {
  test('is made again within 2 s, at both ends, and calls under way end well', async () => {
    const [started, finish] = [new Gate(), new Gate()];
    const endpoint = {
      ...echo,
      ...notebook(),
      slow: async () => {
        started.open();
        await finish.opened;
        return 'slow';
      },
    };
    await serve(endpoint);
    const slow = client().call(CTXT, 'slow', {});
    await started.opened;
    await broker.rabbitmqctl('close_all_connections', 'test');
    expect(await timeToRecover(endpoint)).toBeLessThan(2000);
    finish.open();
    expect(await slow).toBe('slow');
  });

  test('again and again, while calls run: no call fails', async () => {
    await serve(echo, 'host1');
    await serve(echo, 'host2');
    const caller = client();
    let stop = false;
    let answered = 0;
    const callers = Array.from({ length: 8 }, async () => {
      while (!stop) answered += Number(await caller.call(CTXT, 'echo', { value: 1 }));
    });
    for (let round = 0; round < 3; round += 1) {
      const before = answered;
      await broker.rabbitmqctl('close_all_connections', 'test');
      await vi.waitFor(() => expect(answered).toBeGreaterThan(before + 20), 10_000);
    }
    stop = true;
    await Promise.all(callers);
  });
});

describe('a queue that is deleted', () => {
  test('is declared and consumed again within 2 s, whichever it is', async () => {
    const endpoint = { ...echo, ...notebook() };
    await serve(endpoint);
    const mine = (await broker.listQueues()).filter(({ name }) => name.startsWith(rpc.topic));
    expect(mine).toHaveLength(3);
    for (const { name } of mine) {
      await broker.rabbitmqctl('delete_queue', name);
      expect(await timeToRecover(endpoint)).toBeLessThan(2000);
    }
  });

  test('is declared again when it is the reply queue', async () => {
    await serve(echo);
    const caller = client();
    await caller.call(CTXT, 'echo', { value: 1 });
    const replyQueues = (await broker.listQueues()).filter(({ name }) => name.startsWith('reply_'));
    for (const { name } of replyQueues) await broker.rabbitmqctl('delete_queue', name);
    expect(await caller.prepare({ timeout: 2 }).call(CTXT, 'echo', { value: 2 })).toBe(2);
  });
});

describe('a server that is declaring its queues', () => {
  test('consumes them all, though one is deleted meanwhile', async () => {
    const peer = await RawPeer.connect(broker.url);
    for (let round = 0; round < 10; round += 1) {
      const server = `host${round}`;
      const serving = serve(echo, server);
      for (let times = 0; times < 10; times += 1) await peer.channel.deleteQueue(`${rpc.topic}.${server}`);
      await serving;
      await vi.waitFor(async () => {
        const consumers = await broker.listConsumers();
        const mine = consumers.filter(({ queue }) => queue === `${rpc.topic}.${server}`);
        expect(mine).toHaveLength(1);
      }, 5000);
    }
    await peer.close();
  });

  test('or waits for its broker, can be stopped', async () => {
    const nowhere = new RpcFixture(`rabbit://guest:guest@127.0.0.1:${await freePort()}/`);
    const target = new Target({ topic: rpc.topic, server: 'host1' });
    const server = getRpcServer(nowhere.transport({ rabbit }), target, [echo]);
    const refused = expect(server.start()).rejects.toThrow(MessageDeliveryFailure);
    await server.stop();
    await refused;
    await nowhere.close();
  });
});

describe('an exchange that is deleted', () => {
  test('is declared again with its bindings, and calls sent meanwhile are answered', async () => {
    const endpoint = { ...echo, ...notebook() };
    const controlExchange = `exchange-${rpc.topic}`;
    await rpc.serve(endpoint, { transport: transport({ controlExchange }) });
    const caller = rpc.client({ transport: transport({ controlExchange }) });
    await caller.call(CTXT, 'echo', { value: 1 });
    const peer = await RawPeer.connect(broker.url);
    await peer.channel.deleteExchange(controlExchange);
    await peer.channel.deleteExchange(`${rpc.topic}_fanout`);
    await peer.close();
    expect(await caller.call(CTXT, 'echo', { value: 2 })).toBe(2);
    await vi.waitFor(async () => {
      await caller.prepare({ fanout: true }).cast(CTXT, 'note', { value: 'fanout' });
      expect(endpoint.notes).toContain('fanout');
    }, 10_000);
  });
});

describe('a channel that the broker closes', () => {
  test('over an exchange that is declared otherwise: what is under way beside it arrives', async () => {
    const peer = await RawPeer.connect(broker.url);
    const exchange = `fanout-${rpc.topic}`;
    await peer.channel.assertExchange(exchange, 'fanout', { durable: false, autoDelete: true });
    await serve(notebook());
    const caller = client();
    await caller.cast(CTXT, 'note', {});
    for (let round = 0; round < 5; round += 1) {
      const refused = caller.prepare({ exchange }).cast(CTXT, 'note', {});
      const innocent = caller.cast(CTXT, 'note', {});
      await expect(refused).rejects.toThrow(/PRECONDITION_FAILED/);
      await innocent;
    }
    await peer.close();
  });

  test('over one forbidden message: that message fails, and all others arrive', async () => {
    const control = `allowed-${rpc.topic}`;
    await broker.rabbitmqctl('add_user', 'limited', 'secret');
    await broker.rabbitmqctl(
      'set_permissions',
      'limited',
      '.*',
      '^(allowed-.*|.*_fanout|amq.default)$',
      '.*',
    );
    const limited = new RpcFixture(broker.url.replace('guest:guest', 'limited:secret'));
    const [first, second] = [notebook(), notebook()];
    const controlExchange = control;
    await rpc.serve(first, { server: 'host1', transport: transport({ controlExchange }) });
    await rpc.serve(second, { server: 'host2', transport: transport({ controlExchange }) });
    const caller = limited.client({
      transport: limited.transport({ rabbit, controlExchange }),
      target: { topic: rpc.topic },
    });
    const values = Array.from({ length: 20 }, (_, index) => index);
    const forbidden = caller.prepare({ exchange: 'forbidden' });
    await caller.cast(CTXT, 'note', { value: 'first' });
    const casts = values.map((value) => caller.cast(CTXT, 'note', { value }));
    const refused = forbidden.cast(CTXT, 'note', { value: 'forbidden' });
    const more = values.map((value) => caller.cast(CTXT, 'note', { value: value + 100 }));
    await expect(refused).rejects.toThrow(/ACCESS_REFUSED/);
    await Promise.all([...casts, ...more]);
    const notes = () => [...first.notes, ...second.notes].filter((note) => note !== 'first');
    await vi.waitFor(() => expect(new Set(notes()).size).toBe(40));
    expect(notes()).not.toContain('forbidden');
    await limited.close();
  });
});

describe('a broker that blocks publishing', () => {
  const limit = (share: string) => broker.rabbitmqctl('set_vm_memory_high_watermark', share);
  afterEach(() => limit('0.4'));

  test('gets the casts once it takes them again', async () => {
    const endpoint = { ...echo, ...notebook() };
    await serve(endpoint);
    const logger = new RecordingLogger();
    const caller = rpc.client({ transport: transport({ logger }) });
    await caller.call(CTXT, 'echo', { value: 1 });
    await limit('0.0001');
    let confirmed = false;
    const cast = caller.cast(CTXT, 'note', { value: 'held up' }).then(() => {
      confirmed = true;
    });
    await vi.waitFor(() =>
      expect(logger.at('warn').map(({ message }) => message)).toContain('RabbitMQ has blocked publishing'),
    );
    expect([confirmed, endpoint.notes]).toEqual([false, []]);
    await limit('0.4');
    await cast;
    await vi.waitFor(() => expect(endpoint.notes).toEqual(['held up']));
  });

  test('does not keep a transport from closing', async () => {
    const blocked = transport();
    const caller = rpc.client({ transport: blocked });
    await caller.cast(CTXT, 'note', {});
    await limit('0.0001');
    const cast = caller.cast(CTXT, 'note', {});
    const outcome = expect(cast).rejects.toThrow(MessageDeliveryFailure);
    const start = performance.now();
    await blocked.close();
    expect(performance.now() - start).toBeLessThan(4000);
    await outcome;
  });
});

describe('what the broker shows', () => {
  test('is the prefetch count and the heartbeat of the options', async () => {
    const options = { rabbitQosPrefetchCount: 7, heartbeatTimeoutThreshold: 17 };
    await rpc.serve(echo, { transport: rpc.transport({ rabbit: options }) });
    const consumers = await broker.rabbitmqctl('--silent', 'list_consumers', 'queue_name', 'prefetch_count');
    const mine = consumers.split('\n').filter((row) => row.startsWith(rpc.topic));
    expect(mine.map((row) => row.split('\t')[1])).toEqual(['7', '7', '7']);
    expect((await broker.rabbitmqctl('--silent', 'list_connections', 'timeout')).trim()).toBe('17');
  });
});

describe('what is left behind', () => {
  test('a server that stops in order takes its consumers and its fanout queue along', async () => {
    const server = await serve(echo);
    await client().call(CTXT, 'echo', { value: 1 });
    await server.stop();
    const consumers = (await broker.listConsumers()).filter(({ queue }) => queue.startsWith(rpc.topic));
    expect(consumers).toEqual([]);
    const queues = (await broker.listQueues()).filter(({ name }) => name.startsWith(rpc.topic));
    expect(queues.map(({ name }) => name).sort()).toEqual([rpc.topic, `${rpc.topic}.host1`]);
  });

  test('transports that close leave no connection, and no reply queue that nobody waits on', async () => {
    const peer = await RawPeer.connect(broker.url);
    await serve(echo);
    await client().call(CTXT, 'echo', { value: 1 });
    await rpc.close();
    await peer.close();
    expect(await broker.rabbitmqctl('--silent', 'list_connections', 'name')).toBe('');
  });

  test('a client process has one connection, a server process two: one consumes, one publishes', async () => {
    await rpc.serve(echo, { transport: transport({ name: 'server' }) });
    const caller = rpc.client({ transport: transport({ name: 'client' }) });
    await Promise.all([1, 2, 3].map((value) => caller.call(CTXT, 'echo', { value })));
    await caller.prepare({ fanout: true }).cast(CTXT, 'note', {});
    const table = await broker.rabbitmqctl(
      '--silent',
      '--formatter',
      'json',
      'list_connections',
      'client_properties',
    );
    const names = [...table.matchAll(/(client|server):\d+:([^"\]]+)/g)].map(
      (match) => `${match[1]}: ${match[2]}`,
    );
    expect(names.sort()).toEqual(
      ['client: publisher', 'server: publisher', `server: ${rpc.topic}.host1`].sort(),
    );
  });

  test('is told in the log, without passwords', async () => {
    const logger = new RecordingLogger();
    const caller = rpc.client({ transport: transport({ logger }) });
    await caller.cast(CTXT, 'note', {});
    await broker.rabbitmqctl('close_all_connections', 'test');
    await caller.cast(CTXT, 'note', {});
    expect(logger.at('info', 'warn', 'error').map(({ message }) => message)).toEqual([
      'connected to RabbitMQ',
      'connection to RabbitMQ lost',
      'connected to RabbitMQ',
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('guest');
  });
});
