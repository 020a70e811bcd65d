import { describe, expect, test, vi } from 'vitest';
import type { Driver, IncomingMessage, Listener, Reply, RpcMessage } from '../drivers/driver.ts';
import { InvalidTarget } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { RpcEvent } from '../observer.ts';
import { markExpected } from '../remote-errors.ts';
import { NoOpSerializer } from '../serializers/no-op-serializer.ts';
import { Target } from '../target.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { Gate } from '../test/rpc-fixture.ts';
import { Transport } from '../transport.ts';
import { getRpcServer, type RPCServerOptions } from './server.ts';

const TARGET = new Target({ topic: 'compute', server: 'host1' });

/** A driver that hands over the requests it is given. */
class ScriptedDriver implements Driver {
  listens = 0;
  stops = 0;
  listenError: Error | undefined;
  stopping: Promise<void> = Promise.resolve();
  #onMessage: (incoming: IncomingMessage) => void = () => {};

  async send(): Promise<never> {
    throw new Error('nothing to send');
  }

  async listen(
    _target: Target,
    onMessage: (incoming: IncomingMessage) => void,
    _signal?: AbortSignal,
  ): Promise<Listener> {
    this.listens += 1;
    if (this.listenError !== undefined) throw this.listenError;
    this.#onMessage = onMessage;
    return {
      stop: async () => {
        this.stops += 1;
        await this.stopping;
      },
    };
  }

  async close(): Promise<void> {}

  deliver(message: object, options: Partial<ScriptedIncoming> = {}): ScriptedIncoming {
    const incoming = Object.assign(new ScriptedIncoming(message), options);
    this.#onMessage(incoming);
    return incoming;
  }
}

class ScriptedIncoming implements IncomingMessage {
  readonly ctxt: JsonObject = { request_id: 'req-1' };
  readonly message: RpcMessage;
  expectsReply = true;
  callMonitorTimeout: number | null = null;
  readonly replies: Reply[] = [];
  heartbeats = 0;

  constructor(message: object) {
    this.message = message as RpcMessage;
  }

  async reply(reply: Reply): Promise<void> {
    this.replies.push(reply);
  }

  async heartbeat(): Promise<void> {
    this.heartbeats += 1;
  }
}

async function setUp(endpoint: object, options: RPCServerOptions = {}) {
  const driver = new ScriptedDriver();
  const logger = new RecordingLogger();
  const events: RpcEvent[] = [];
  const transport = new Transport(driver, { logger, observers: [(event) => void events.push(event)] });
  const server = getRpcServer(transport, TARGET, [endpoint], options);
  await server.start();
  return { driver, logger, events, server };
}

const failureOf = (incoming: ScriptedIncoming) => JSON.parse(incoming.replies[0]?.failure ?? 'null');

test.each([[{ topic: 'compute' }], [{ server: 'host1' }], [{}]])('%o is no target of a server', (target) => {
  const transport = new Transport(new ScriptedDriver());
  expect(() => getRpcServer(transport, new Target(target), [])).toThrow(InvalidTarget);
});

describe('a malformed request', () => {
  const bad = { args: {} };

  test('is logged once and dropped, and the next one is served', async () => {
    const { driver, logger, server } = await setUp({ ping: () => 'pong' });
    const cast = driver.deliver(bad, { expectsReply: false });
    await server.wait();
    expect(cast.replies).toEqual([]);
    expect(logger.lines).toMatchObject([
      { level: 'warn', data: { reason: expect.stringContaining('method') } },
    ]);
    const call = driver.deliver({ method: 'ping', args: {} });
    await server.wait();
    expect(call.replies).toEqual([{ result: 'pong', failure: null }]);
  });

  test('gets an error reply when it is a call', async () => {
    const { driver, server, events } = await setUp({});
    const call = driver.deliver({ method: 'ping', args: [1] });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ message: expect.stringContaining('args') });
    expect(events).toEqual([]);
  });
});

describe('a failure', () => {
  const endpoint = {
    fullHost: () => {
      throw markExpected(new Error('host is full'));
    },
    bug: async () => {
      throw new Error('cannot read properties of undefined');
    },
    giveMap: () => ({ ratio: Number.NaN }),
  };

  test('of a call that is expected is replied and logged quietly', async () => {
    const { driver, logger, server } = await setUp(endpoint);
    const call = driver.deliver({ method: 'full_host', args: {} });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'Exception', message: 'host is full' });
    expect(logger.lines).toMatchObject([
      { level: 'info', data: { method: 'full_host', request_id: 'req-1', error: 'Error: host is full' } },
    ]);
  });

  test('of a cast that is expected is a warning', async () => {
    const { driver, logger, server } = await setUp(endpoint);
    driver.deliver({ method: 'full_host', args: {} }, { expectsReply: false });
    await server.wait();
    driver.deliver({ method: 'absent', args: {} }, { expectsReply: false });
    await server.wait();
    expect(logger.lines).toMatchObject([
      { level: 'warn', data: { method: 'full_host' } },
      { level: 'warn', data: { method: 'absent', error: expect.stringContaining('NoSuchMethod') } },
    ]);
  });

  test.each([true, false])('that is a bug is logged with its stack (call: %s)', async (expectsReply) => {
    const { driver, logger, server } = await setUp(endpoint);
    const incoming = driver.deliver({ method: 'bug', args: {} }, { expectsReply });
    await server.wait();
    expect(logger.lines).toMatchObject([
      { level: 'error', data: { method: 'bug', request_id: 'req-1', err: expect.any(Error) } },
    ]);
    expect(incoming.replies).toHaveLength(expectsReply ? 1 : 0);
  });

  test('to serialize the result is replied and logged', async () => {
    const { driver, logger, server } = await setUp(endpoint);
    const call = driver.deliver({ method: 'give_map', args: {} });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'TypeError' });
    expect(logger.at('error')).toHaveLength(1);
  });

  test('to read the context is replied and logged', async () => {
    class Strict extends NoOpSerializer {
      override deserializeContext(): object {
        throw new TypeError('no project_id');
      }
    }
    const { driver, logger, server } = await setUp(endpoint, { serializer: new Strict() });
    const call = driver.deliver({ method: 'bug', args: {} });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ message: 'no project_id' });
    expect(logger.at('error')).toHaveLength(1);
  });

  test('to reply is logged, and the server goes on', async () => {
    const { driver, logger, server } = await setUp({ ping: () => 'pong' });
    driver.deliver({ method: 'ping', args: {} }, { reply: () => Promise.reject(new Error('wire cut')) });
    await server.wait();
    expect(logger.lines).toMatchObject([{ level: 'error', data: { err: { message: 'wire cut' } } }]);
  });
});

describe('call-monitor heartbeats', () => {
  test('are sent every half timeout while the endpoint runs, and not after', async () => {
    vi.useFakeTimers();
    try {
      const gate = new Gate();
      const { driver, server } = await setUp({ slow: () => gate.opened });
      const call = driver.deliver({ method: 'slow', args: {} }, { callMonitorTimeout: 2 });
      await vi.advanceTimersByTimeAsync(3500);
      expect(call.heartbeats).toBe(3);
      gate.open();
      await server.wait();
      await vi.advanceTimersByTimeAsync(5000);
      expect(call.heartbeats).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([null, 0, -1, Number.NaN])('are not sent for a timeout of %s', async (callMonitorTimeout) => {
    vi.useFakeTimers();
    try {
      const gate = new Gate();
      const { driver } = await setUp({ slow: () => gate.opened });
      const call = driver.deliver({ method: 'slow', args: {} }, { callMonitorTimeout });
      await vi.advanceTimersByTimeAsync(5000);
      expect(call.heartbeats).toBe(0);
      gate.open();
    } finally {
      vi.useRealTimers();
    }
  });

  test('that cannot be sent do not disturb the endpoint', async () => {
    const { driver, server } = await setUp({ slow: () => new Promise((resolve) => setTimeout(resolve, 50)) });
    const heartbeat = vi.fn(() => Promise.reject(new Error('wire cut')));
    const call = driver.deliver({ method: 'slow', args: {} }, { callMonitorTimeout: 0.02, heartbeat });
    await server.wait();
    expect(heartbeat).toHaveBeenCalled();
    expect(call.replies).toEqual([{ result: null, failure: null }]);
  });
});

describe('an observer', () => {
  test('is told of each request with its target, context and outcome', async () => {
    const { driver, events, server } = await setUp({
      target: new Target({ version: '6.1' }),
      ping: () => 'pong',
    });
    driver.deliver({ method: 'ping', args: {}, version: '6.0' });
    await server.wait();
    driver.deliver({ method: 'absent', args: {}, version: '6.0' }, { expectsReply: false });
    await server.wait();
    expect(events).toMatchObject([
      { side: 'server', kind: 'call', method: 'ping', ctxt: { request_id: 'req-1' } },
      { side: 'server', kind: 'cast', method: 'absent', error: { code: 'NO_SUCH_METHOD' } },
    ]);
    expect(String(events[0]?.target)).toBe('<Target topic=compute, version=6.0, server=host1>');
    expect(events[0]).not.toHaveProperty('error');
  });
});

describe('life cycle', () => {
  test('start listens once, stop stops once', async () => {
    const { driver, server } = await setUp({});
    await Promise.all([server.start(), server.start()]);
    expect(driver.listens).toBe(1);
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(driver.stops).toBe(1);
    await server.start();
    expect(driver.listens).toBe(2);
  });

  test('a start that failed can be tried again, and stopping it is no error', async () => {
    const driver = new ScriptedDriver();
    const server = getRpcServer(new Transport(driver), TARGET, []);
    driver.listenError = new Error('no broker');
    await expect(server.start()).rejects.toThrow('no broker');
    await expect(server.start()).rejects.toThrow('no broker');
    await server.stop();
    driver.listenError = undefined;
    await server.start();
    expect(driver.listens).toBe(3);
  });

  test('a stop during the start waits for it', async () => {
    const driver = new ScriptedDriver();
    const server = getRpcServer(new Transport(driver), TARGET, []);
    const start = server.start();
    await server.stop();
    await start;
    expect(driver.stops).toBe(1);
  });

  test('a start during the stop waits for it', async () => {
    const { driver, server } = await setUp({});
    const stopped = new Gate();
    driver.stopping = stopped.opened;
    const stop = server.stop();
    const start = server.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(driver.listens).toBe(1);
    stopped.open();
    await Promise.all([stop, start]);
    expect(driver.listens).toBe(2);
  });

  test('wait resolves for all who wait, once the last request has run', async () => {
    const [first, second] = [new Gate(), new Gate()];
    const { driver, server } = await setUp({ one: () => first.opened, two: () => second.opened });
    const calls = [
      driver.deliver({ method: 'one', args: {} }),
      driver.deliver({ method: 'two', args: {} }, { expectsReply: false }),
    ];
    await server.stop();
    const waits = Promise.all([server.wait(), server.wait()]);
    const running = Symbol('running');
    const state = () => Promise.race([waits, new Promise((resolve) => setImmediate(resolve, running))]);
    expect(await state()).toBe(running);
    first.open();
    expect(await state()).toBe(running);
    second.open();
    await waits;
    expect(calls[0]?.replies).toHaveLength(1);
  });

  test('wait does not wait for long for a reply that cannot be sent', async () => {
    const { driver, server } = await setUp({ one: () => 1 });
    driver.deliver({ method: 'one', args: {} }, { reply: () => new Promise(() => {}) });
    await server.stop();
    const begin = performance.now();
    await server.wait();
    expect(performance.now() - begin).toBeLessThan(4000);
  });

  test('a stop gives up a start that waits for the broker', async () => {
    const driver = new ScriptedDriver();
    driver.listen = (_target, _onMessage, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('given up')));
      });
    const server = getRpcServer(new Transport(driver), TARGET, []);
    const refused = expect(server.start()).rejects.toThrow('given up');
    await new Promise((resolve) => setImmediate(resolve));
    await server.stop();
    await refused;
  });
});
