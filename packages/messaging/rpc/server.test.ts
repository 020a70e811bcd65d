import { describe, expect, test } from 'vitest';
import { InvalidTarget } from '../errors.ts';
import { Target } from '../target.ts';
import { Gate } from '../test/rpc-fixture.ts';
import { ScriptedDriver } from '../test/scripted-driver.ts';
import { failureOf, SERVER_TARGET, serveScripted } from '../test/scripted-server.ts';
import { Transport } from '../transport.ts';
import { getRpcServer, type RPCServerOptions } from './server.ts';

test.each([[{ topic: 'compute' }], [{ server: 'host1' }], [{}]])(
  'a server cannot have the target %o',
  (target) => {
    const transport = new Transport(new ScriptedDriver());
    expect(() => getRpcServer(transport, new Target(target), [])).toThrow(InvalidTarget);
  },
);

describe('the ping', () => {
  const ping = { method: 'oslo_rpc_server_ping', args: { any: 1 } };

  test('is answered when it is enabled, whatever the access policy', async () => {
    for (const accessPolicy of ['legacy', 'default', 'explicit'] as const) {
      const { driver, server } = await serveScripted({}, { pingEnabled: true, accessPolicy });
      const call = driver.deliver(ping);
      await server.wait();
      expect(call.replies).toEqual([{ result: 'pong', failure: null }]);
    }
  });

  test('is no method otherwise', async () => {
    const { driver, server } = await serveScripted({});
    const call = driver.deliver(ping);
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'NoSuchMethod' });
  });

  test('is left to an endpoint that has it', async () => {
    const { driver, server, logger } = await serveScripted(
      { osloRpcServerPing: () => 'own' },
      { pingEnabled: true },
    );
    const call = driver.deliver(ping);
    await server.wait();
    expect(call.replies).toMatchObject([{ result: 'own' }]);
    expect(logger.at('warn')).toHaveLength(1);
  });
});

describe('serving options', () => {
  test('reach the driver', async () => {
    const options = { prefetch: 7, ackPolicy: 'after', deliveryLimit: 3 } as const;
    const { driver } = await serveScripted({}, options);
    expect(driver.listenOptions).toMatchObject(options);
    const plain = await serveScripted({});
    expect(Object.keys(plain.driver.listenOptions ?? {})).toEqual(['signal']);
  });

  test.each<[RPCServerOptions]>([
    [{ prefetch: -1 }],
    [{ prefetch: 1.5 }],
    [{ deliveryLimit: 0 }],
    [{ ackPolicy: 'never' as 'after' }],
  ])('cannot be %o', async (options) => {
    await expect(serveScripted({}, options)).rejects.toThrow(TypeError);
  });
});

describe('life cycle', () => {
  test('start listens once, stop stops once', async () => {
    const { driver, server } = await serveScripted({});
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
    const server = getRpcServer(new Transport(driver), SERVER_TARGET, []);
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
    const server = getRpcServer(new Transport(driver), SERVER_TARGET, []);
    const start = server.start();
    await server.stop();
    await start;
    expect(driver.stops).toBe(1);
  });

  test('a start during the stop waits for it', async () => {
    const { driver, server } = await serveScripted({});
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

  test('stop rejects when it fails, and the server can be started again', async () => {
    const { driver, server } = await serveScripted({ ping: () => 'pong' });
    driver.stopping = Promise.reject(new Error('the channel is gone'));
    await expect(server.stop()).rejects.toThrow('the channel is gone');
    await server.wait();
    driver.stopping = Promise.resolve();
    await server.start();
    expect(driver.listens).toBe(2);
    await server.stop();
  });

  test('wait resolves for all who wait, once the last request has run', async () => {
    const [first, second] = [new Gate(), new Gate()];
    const { driver, server } = await serveScripted({ one: () => first.opened, two: () => second.opened });
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

  test('wait does not wait for ever for a reply that cannot be sent', async () => {
    const { driver, server } = await serveScripted({ one: () => 1 });
    driver.deliver({ method: 'one', args: {} }, { reply: () => new Promise(() => {}) });
    await server.stop();
    await server.wait();
  });

  test('a stop gives up a start that waits for the broker', async () => {
    const driver = new ScriptedDriver();
    driver.listen = (_target, _onMessage, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('given up')));
      });
    const server = getRpcServer(new Transport(driver), SERVER_TARGET, []);
    const refused = expect(server.start()).rejects.toThrow('given up');
    await new Promise((resolve) => setImmediate(resolve));
    await server.stop();
    await refused;
  });
});
