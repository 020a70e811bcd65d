import { describe, expect, test, vi } from 'vitest';
import type { Driver, Reply, Request, SendOptions } from '../drivers/driver.ts';
import { ClientSendError, InvalidTarget, MessageDeliveryFailure, RPCVersionCapError } from '../errors.ts';
import type { OutgoingRpc, RpcEvent } from '../hooks.ts';
import { silentLogger } from '../logger.ts';
import { Target } from '../target.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { CTXT } from '../test/rpc-fixture.ts';
import { Transport, type TransportOptions } from '../transport.ts';
import { RPCClient, type RPCClientOptions } from './client.ts';

/** A driver that records what it is to send, and answers as it is told. */
class ScriptedDriver implements Driver {
  readonly sent: { target: Target; request: Request; options: SendOptions }[] = [];
  answer: () => Promise<Reply | undefined> = async () => ({ result: null, failure: null });

  async send(target: Target, request: Request, options: SendOptions): Promise<Reply | undefined> {
    this.sent.push({ target, request, options });
    const reply = await this.answer();
    return options.waitForReply ? reply : undefined;
  }

  async listen(): Promise<never> {
    throw new Error('nothing to listen to');
  }

  async close(): Promise<void> {}
}

function setUp(options: RPCClientOptions = {}, transportOptions: Partial<TransportOptions> = {}) {
  const driver = new ScriptedDriver();
  const transport = new Transport(driver, { logger: silentLogger, ...transportOptions });
  const target = new Target({ topic: 'conductor', namespace: 'compute_task', version: '1.0' });
  return { driver, client: new RPCClient(transport, target, options) };
}

describe('a request', () => {
  test('carries method, arguments, context, and namespace and version when set', async () => {
    const { driver, client } = setUp();
    await client.call(CTXT, 'echo', { a: { x: 1 }, left_out: undefined });
    expect(driver.sent[0]?.request).toStrictEqual({
      ctxt: CTXT,
      message: { method: 'echo', args: { a: { x: 1 } }, namespace: 'compute_task', version: '1.0' },
    });
    await client.prepare({ namespace: null, version: null }).call(CTXT, 'echo', {});
    expect(driver.sent[1]?.request.message).toStrictEqual({ method: 'echo', args: {} });
  });

  test('with an argument or a context that JSON cannot carry is not sent', async () => {
    const { driver, client } = setUp();
    await expect(client.call(CTXT, 'echo', { a: { b: () => {} } })).rejects.toThrow('Cannot serialize a.b');
    await expect(client.cast({ user: Symbol('u') }, 'echo', {})).rejects.toThrow('context.user');
    expect(driver.sent).toEqual([]);
  });

  test('makes dates and sets primitive', async () => {
    const { driver, client } = setUp();
    await client.cast(CTXT, 'echo', { at: new Date(0), names: new Set(['a']) });
    expect(driver.sent[0]?.request.message.args).toEqual({ at: '1970-01-01T00:00:00.000Z', names: ['a'] });
  });

  test('needs a topic', async () => {
    const { client } = setUp();
    await expect(client.prepare({ topic: null }).cast(CTXT, 'echo', {})).rejects.toThrow(InvalidTarget);
  });
});

describe('prepare', () => {
  test('overrides the client for one context, and leaves the client', async () => {
    const { driver, client } = setUp({ timeout: 30, retry: 2, callMonitorTimeout: 10 });
    const { signal } = new AbortController();
    await client
      .prepare({
        exchange: 'x',
        server: 'host1',
        timeout: 5,
        retry: 0,
        callMonitorTimeout: null,
        failUndeliverable: false,
        signal,
      })
      .call(CTXT, 'echo', {});
    await client.call(CTXT, 'echo', {});
    const [prepared, plain] = driver.sent;
    expect(String(prepared?.target)).toBe(
      '<Target exchange=x, topic=conductor, namespace=compute_task, version=1.0, server=host1>',
    );
    const onResult = expect.any(Function);
    expect(prepared?.options).toEqual({
      waitForReply: true,
      timeout: 5,
      retry: 0,
      callMonitorTimeout: null,
      failUndeliverable: false,
      signal,
      onResult,
    });
    expect(String(plain?.target)).toBe('<Target topic=conductor, namespace=compute_task, version=1.0>');
    expect(plain?.options).toEqual({
      waitForReply: true,
      timeout: 30,
      retry: 2,
      callMonitorTimeout: 10,
      failUndeliverable: true,
      onResult,
    });
  });

  test('removes parts with null', async () => {
    const { driver, client } = setUp({
      timeout: 30,
      retry: 2,
      callMonitorTimeout: 10,
      failUndeliverable: false,
      signal: AbortSignal.abort(),
    });
    await client
      .prepare({
        timeout: null,
        retry: null,
        callMonitorTimeout: null,
        failUndeliverable: null,
        signal: null,
      })
      .call(CTXT, 'echo', {});
    expect(driver.sent[0]?.options).toEqual({
      waitForReply: true,
      timeout: 60,
      retry: null,
      callMonitorTimeout: null,
      failUndeliverable: true,
      onResult: expect.any(Function),
    });
  });

  test('can be repeated', async () => {
    const { driver, client } = setUp();
    await client.prepare({ server: 'host1' }).prepare({ timeout: 5 }).call(CTXT, 'echo', {});
    expect(driver.sent[0]).toMatchObject({ target: { server: 'host1' }, options: { timeout: 5 } });
  });

  test.each([
    [{ version: '1' }],
    [{ versionCap: 'queens' }],
    [{ timeout: 0 }],
    [{ timeout: Number.NaN }],
    [{ callMonitorTimeout: -1 }],
    [{ retry: -2 }],
    [{ retry: 1.5 }],
  ])('refuses %o', (options) => {
    expect(() => setUp().client.prepare(options)).toThrow(TypeError);
  });
});

describe('version cap', () => {
  test('keeps newer messages from being sent', async () => {
    const { driver, client } = setUp({ versionCap: '1.20' });
    for (const version of ['1.21', '2.0', '0.9']) {
      await expect(client.prepare({ version }).call(CTXT, 'echo', {})).rejects.toThrow(RPCVersionCapError);
      await expect(client.prepare({ version }).cast(CTXT, 'echo', {})).rejects.toThrow(RPCVersionCapError);
    }
    expect(driver.sent).toEqual([]);
    await client.prepare({ version: '1.20' }).call(CTXT, 'echo', {});
    await client.prepare({ version: '1.21', versionCap: null }).call(CTXT, 'echo', {});
    expect(driver.sent).toHaveLength(2);
  });

  test('knows which version can be sent', () => {
    const { client } = setUp({ versionCap: '1.20' });
    expect(client.canSendVersion('1.9')).toBe(true);
    expect(client.canSendVersion('1.21')).toBe(false);
    expect(client.canSendVersion()).toBe(true);
    expect(client.prepare({ version: '1.21' }).canSendVersion()).toBe(false);
    expect(client.prepare({ version: null, versionCap: '2.0' }).canSendVersion()).toBe(false);
    expect(setUp().client.canSendVersion('99.0')).toBe(true);
  });
});

describe('sending', () => {
  test('waits rpcResponseTimeout when no timeout is given', async () => {
    const { driver, client } = setUp({}, { rpcResponseTimeout: 7 });
    await client.call(CTXT, 'echo', {});
    expect(driver.sent[0]?.options.timeout).toBe(7);
  });

  test('a cast has no timeout and is not monitored', async () => {
    const { driver, client } = setUp({ timeout: 5, callMonitorTimeout: 5 });
    await client.prepare({ fanout: true }).cast(CTXT, 'echo', {});
    expect(driver.sent[0]?.options).toEqual({ waitForReply: false, retry: null });
  });

  test('a call to all servers is refused', async () => {
    const { driver, client } = setUp();
    await expect(client.prepare({ fanout: true }).call(CTXT, 'echo', {})).rejects.toThrow(InvalidTarget);
    expect(driver.sent).toEqual([]);
  });

  test("a driver's own error is the cause of a ClientSendError, a messaging error is thrown as it is", async () => {
    const { driver, client } = setUp();
    const broken = new Error('wire cut');
    driver.answer = () => Promise.reject(broken);
    for (const attempt of [client.call(CTXT, 'echo', {}), client.cast(CTXT, 'echo', {})]) {
      const error = await attempt.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ClientSendError);
      expect(error).toMatchObject({ code: 'CLIENT_SEND_ERROR', cause: broken, target: client.target });
    }
    const failure = new MessageDeliveryFailure('closed');
    driver.answer = () => Promise.reject(failure);
    await expect(client.call(CTXT, 'echo', {})).rejects.toBe(failure);
  });
});

describe('call monitoring', () => {
  test.each<[RPCClientOptions, Partial<TransportOptions>, number | null]>([
    [{}, {}, 5],
    [{ timeout: 5 }, {}, null],
    [{ timeout: 5.1 }, {}, 5],
    [{}, { callMonitorTimeout: 20 }, 20],
    [{}, { callMonitorTimeout: null }, null],
    [{}, { rpcResponseTimeout: 4 }, null],
    [{ callMonitorTimeout: null }, {}, null],
    [{ callMonitorTimeout: 2 }, { callMonitorTimeout: null }, 2],
    [{ callMonitorTimeout: 60 }, {}, null],
  ])('with client %o and transport %o has a timeout of %s', async (options, transportOptions, expected) => {
    const { driver, client } = setUp(options, transportOptions);
    await client.call(CTXT, 'echo', {});
    expect(driver.sent[0]?.options.callMonitorTimeout).toBe(expected);
  });

  test.each([{ callMonitorTimeout: 0 }, { callMonitorTimeout: Number.NaN }, { rpcResponseTimeout: -1 }])(
    "its timeout, and a transport's other timeouts, cannot be %o",
    (options) => {
      expect(() => setUp({}, options)).toThrow(TypeError);
    },
  );
});

describe('a signal that has fired', () => {
  test('keeps calls, casts and multicalls from being sent', async () => {
    const reason = new Error('the user has gone');
    const { driver, client } = setUp({ signal: AbortSignal.abort(reason) });
    const cancelled = { code: 'CALL_CANCELLED', cause: reason };
    await expect(client.call(CTXT, 'echo', {})).rejects.toMatchObject(cancelled);
    await expect(client.cast(CTXT, 'echo', {})).rejects.toMatchObject(cancelled);
    await expect(client.multicall(CTXT, 'echo', {}).next()).rejects.toMatchObject(cancelled);
    expect(driver.sent).toEqual([]);
  });
});

describe('hooks', () => {
  test("may add to the context that is sent, but not to the caller's", async () => {
    const ctxt = { ...CTXT };
    const rpcs: unknown[] = [];
    const hook = {
      aroundSend(rpc: OutgoingRpc, next: () => Promise<void>) {
        rpcs.push(rpc);
        rpc.ctxt.traceparent = `span of ${rpc.method}`;
        return next();
      },
    };
    const { driver, client } = setUp({}, { hooks: [hook] });
    await client.call(ctxt, 'one', {});
    await client.cast(ctxt, 'two', {});
    await client.prepare({ fanout: true }).cast(ctxt, 'three', {});
    expect(driver.sent.map(({ request }) => request.ctxt.traceparent)).toEqual([
      'span of one',
      'span of two',
      'span of three',
    ]);
    expect(rpcs).toMatchObject([{ kind: 'call' }, { kind: 'cast' }, { kind: 'fanout' }]);
    expect(ctxt).toEqual(CTXT);
  });
});

describe('a hook for finished RPCs', () => {
  test('is called for calls, casts and fanouts, even those that were not sent', async () => {
    const events: RpcEvent[] = [];
    const { client } = setUp(
      { versionCap: '1.0' },
      { name: 'api', hooks: [{ onRpc: (event) => void events.push(event) }] },
    );
    await client.call(CTXT, 'one', {});
    await client.cast(CTXT, 'two', {});
    await client.prepare({ fanout: true }).cast(CTXT, 'three', {});
    await expect(client.prepare({ version: '1.1' }).cast(CTXT, 'four', {})).rejects.toThrow();
    expect(events).toMatchObject([
      { side: 'client', kind: 'call', method: 'one', transportName: 'api', ctxt: CTXT },
      { kind: 'cast', method: 'two' },
      { kind: 'fanout', method: 'three' },
      { kind: 'cast', method: 'four', error: { code: 'RPC_VERSION_CAP' } },
    ]);
  });

  test('that rejects does not break the call, nor the process', async () => {
    const logger = new RecordingLogger();
    const broken = async (): Promise<void> => {
      throw new Error('hook bug');
    };
    const { client } = setUp({}, { hooks: [{ onRpc: broken }], logger });
    expect(await client.call(CTXT, 'echo', {})).toBeNull();
    await vi.waitFor(() =>
      expect(logger.lines).toMatchObject([{ level: 'error', data: { method: 'echo' } }]),
    );
  });

  test('that throws does not break the call', async () => {
    const logger = { ...silentLogger, error: vi.fn() };
    const second = vi.fn();
    const broken = () => {
      throw new Error('hook bug');
    };
    const { client } = setUp({}, { logger, hooks: [{ onRpc: broken }, { onRpc: second }] });
    expect(await client.call(CTXT, 'echo', {})).toBeNull();
    expect(second).toHaveBeenCalledOnce();
    expect(logger.error).toHaveBeenCalledOnce();
  });
});
