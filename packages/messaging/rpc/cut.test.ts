import { describe, expect, test, vi } from 'vitest';
import { ServerLost } from '../errors.ts';
import { deserializeFailure } from '../failure.ts';
import type { IncomingRpc } from '../hooks.ts';
import { Target } from '../target.ts';
import { Gate } from '../test/rpc-fixture.ts';
import type { ScriptedIncoming } from '../test/scripted-driver.ts';
import { failureOf, serveScripted } from '../test/scripted-server.ts';
import type { RpcRequest } from './request.ts';

/** Methods that go on whatever their signal says, until the gate is opened. */
function stubborn() {
  const gate = new Gate();
  const endpoint = {
    target: new Target({ namespace: 'base', version: '1.3' }),
    gate,
    requests: [] as RpcRequest[],
    async hang(_ctxt: object, _args: object, request: RpcRequest) {
      endpoint.requests.push(request);
      await gate.opened;
      return 'too late';
    },
    async fail() {
      await gate.opened;
      throw new Error('too late');
    },
    async *stream() {
      yield 1;
      await gate.opened;
      yield 2;
    },
  };
  return endpoint;
}

const request = (method: string) => ({ method, args: {}, namespace: 'base', version: '1.2' });
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('running', () => {
  test('lists what runs, oldest first, and for how long', async () => {
    const endpoint = stubborn();
    const { driver, server } = await serveScripted(endpoint);
    const begin = Date.now();
    driver.deliver(request('hang'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    driver.deliver(request('fail'), { expectsReply: false, ctxt: {} });
    const [first, second, ...others] = server.running;
    expect(others).toEqual([]);
    expect(first).toMatchObject({ kind: 'call', method: 'hang', requestId: 'req-1' });
    expect(second).toMatchObject({ kind: 'cast', method: 'fail', requestId: null });
    expect(`${first?.target}`).toBe('<Target topic=compute, namespace=base, version=1.2, server=host1>');
    expect(first?.elapsed).toBeGreaterThan(0.015);
    expect(first?.elapsed).toBeLessThan(300);
    expect(Math.abs((first?.startedAt ?? 0) - begin)).toBeLessThan(300_000);
    expect(second?.elapsed).toBeLessThan(first?.elapsed ?? 0);
    endpoint.gate.open();
    await server.wait();
    expect(server.running).toEqual([]);
  });

  test('can be read while a malformed request is being refused', async () => {
    const { driver, server } = await serveScripted({});
    driver.deliver({ method: 7, args: {}, namespace: 1, version: {} });
    expect(server.running).toMatchObject([{ method: '' }]);
    await server.wait();
    expect(server.running).toEqual([]);
  });
});

describe('cut', () => {
  test('answers a call at once, and drops what its method returns later', async () => {
    const endpoint = stubborn();
    const { driver, server, logger } = await serveScripted(endpoint);
    const call = driver.deliver(request('hang'));
    await server.stop();
    expect(server.cut()).toMatchObject([{ method: 'hang', requestId: 'req-1' }]);
    expect(server.running).toEqual([]);
    await server.wait();
    expect(call.replies).toHaveLength(1);
    expect(failureOf(call)).toMatchObject({
      class: 'ServerLost',
      module: 'mini_nova.messaging',
      message: expect.stringMatching(/host1 is stopping .* hang, which may have run in part/),
    });
    expect(call.outcomes).toEqual([expect.any(ServerLost)]);
    endpoint.gate.open();
    await nextTurn();
    expect([call.replies.length, call.outcomes.length]).toEqual([1, 1]);
    expect(logger.at('info', 'warn', 'error')).toMatchObject([
      { level: 'warn', data: { method: 'hang', request_id: 'req-1' } },
    ]);
  });

  test('tells its method, if that later ends well, that nobody gets the answer', async () => {
    const gate = new Gate();
    const unanswered: string[] = [];
    const endpoint = {
      target: new Target({ namespace: 'base', version: '1.3' }),
      async reserve(_ctxt: object, _args: object, served: RpcRequest) {
        served.onUnanswered(() => unanswered.push(served.method));
        await gate.opened;
        return 'reserved';
      },
    };
    const { driver, server } = await serveScripted(endpoint);
    driver.deliver(request('reserve'));
    server.cut();
    await nextTurn();
    expect(unanswered).toEqual([]);
    gate.open();
    await nextTurn();
    expect(unanswered).toEqual(['reserve']);
  });

  test('drops what its method throws later', async () => {
    const endpoint = stubborn();
    const { driver, server, logger } = await serveScripted(endpoint);
    const call = driver.deliver(request('fail'));
    server.cut();
    endpoint.gate.open();
    await nextTurn();
    expect([call.replies.length, call.outcomes.length]).toEqual([1, 1]);
    expect(logger.at('error')).toEqual([]);
  });

  test('gives up a cast, which has failed', async () => {
    const { driver, server, logger } = await serveScripted(stubborn());
    const cast = driver.deliver(request('hang'), { expectsReply: false });
    expect(server.cut()).toMatchObject([{ kind: 'cast' }]);
    await server.wait();
    expect(cast.replies).toEqual([]);
    expect(cast.outcomes).toEqual([expect.any(ServerLost)]);
    expect(logger.at('warn')).toHaveLength(1);
  });

  test('fires the signals, even those that are first looked at afterwards', async () => {
    const endpoint = stubborn();
    const { driver, server } = await serveScripted(endpoint);
    driver.deliver(request('hang'));
    driver.deliver(request('hang'), { expectsReply: false });
    const [watched, unwatched] = endpoint.requests;
    const onAbort = vi.fn();
    watched?.signal.addEventListener('abort', onAbort);
    server.cut();
    expect(onAbort).toHaveBeenCalledOnce();
    expect(watched?.signal.reason).toBeInstanceOf(ServerLost);
    expect(watched?.signal.reason).toMatchObject({ code: 'SERVER_LOST', name: 'ServerLost' });
    expect(unwatched?.signal.reason).toBeInstanceOf(ServerLost);
  });

  test('ends a stream after the results that it had', async () => {
    const { driver, server } = await serveScripted(stubborn());
    const call = driver.deliver(request('stream'));
    await vi.waitFor(() => expect(call.results).toEqual([1]));
    await nextTurn();
    server.cut();
    await server.wait();
    expect(call.results).toEqual([1]);
    expect(failureOf(call)).toMatchObject({ class: 'ServerLost' });
  });

  test('gives up no request twice, and none that has ended', async () => {
    const endpoint = { ...stubborn(), ping: () => 'pong' };
    const { driver, server } = await serveScripted(endpoint);
    const ping = driver.deliver(request('ping'));
    await server.wait();
    const call = driver.deliver(request('hang'));
    expect(server.cut()).toHaveLength(1);
    expect(server.cut()).toEqual([]);
    await server.stop();
    await server.wait();
    expect(server.cut()).toEqual([]);
    expect(ping.replies).toEqual([{ result: 'pong', failure: null }]);
    expect(call.replies).toHaveLength(1);
  });

  test('can be called again by listeners that it calls', async () => {
    const endpoint = stubborn();
    const { driver, server } = await serveScripted(endpoint);
    const calls = [driver.deliver(request('hang')), driver.deliver(request('hang'))];
    endpoint.requests[0]?.signal.addEventListener('abort', () => server.cut());
    expect(server.cut()).toHaveLength(2);
    await server.wait();
    expect(calls.map(({ replies }) => replies.length)).toEqual([1, 1]);
  });

  test('lets later requests run', async () => {
    const { driver, server } = await serveScripted({ ...stubborn(), ping: () => 'pong' });
    driver.deliver(request('hang'));
    server.cut();
    const ping = driver.deliver(request('ping'));
    await server.wait();
    expect(ping.replies).toEqual([{ result: 'pong', failure: null }]);
  });

  test('does not answer a caller that has given up', async () => {
    const endpoint = stubborn();
    const { driver, server } = await serveScripted(endpoint);
    const call = driver.deliver(request('hang'));
    expect(endpoint.requests[0]?.signal.aborted).toBe(false);
    call.cancel();
    server.cut();
    await server.wait();
    expect(call.replies).toEqual([]);
    expect(call.outcomes).toHaveLength(1);
    expect(endpoint.requests[0]?.signal.reason).toMatchObject({ code: 'CALL_CANCELLED' });
  });

  test('ends the signs of life', async () => {
    vi.useFakeTimers();
    try {
      const { driver, server } = await serveScripted(stubborn());
      const call = driver.deliver(request('hang'), { callMonitorTimeout: 2 });
      await vi.advanceTimersByTimeAsync(1500);
      expect(call.heartbeats).toBe(2);
      server.cut();
      await vi.advanceTimersByTimeAsync(5000);
      expect(call.heartbeats).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('wait resolves only when the answers are sent', async () => {
    const sent = new Gate();
    const { driver, server } = await serveScripted(stubborn());
    driver.deliver(request('hang'), { reply: () => sent.opened });
    await server.stop();
    server.cut();
    const waited = vi.fn();
    const wait = server.wait().then(waited);
    await nextTurn();
    expect(waited).not.toHaveBeenCalled();
    sent.open();
    await wait;
  });
});

describe('a request that is cut and will be delivered again', () => {
  const giveBack = () => vi.fn((_reason: unknown) => true);

  test('is neither answered nor done', async () => {
    const { driver, server } = await serveScripted(stubborn());
    const back = giveBack();
    const call: ScriptedIncoming = driver.deliver(request('hang'), { giveBack: back });
    server.cut();
    await server.wait();
    expect(back.mock.calls).toEqual([[expect.any(ServerLost)]]);
    expect([call.replies, call.outcomes]).toEqual([[], []]);
  });

  test('is answered when the driver fails to give it back', async () => {
    const { driver, server, logger } = await serveScripted(stubborn());
    const fail = () => {
      throw new Error('driver bug');
    };
    const call = driver.deliver(request('hang'), { giveBack: fail });
    server.cut();
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'ServerLost' });
    expect(call.outcomes).toHaveLength(1);
    expect(logger.at('error')).toMatchObject([{ data: { err: { message: 'driver bug' } } }]);
  });
});

describe('a hook', () => {
  test('that is told of finished RPCs is called once for the cut, with an error', async () => {
    const endpoint = stubborn();
    const { driver, server, events } = await serveScripted(endpoint);
    driver.deliver(request('hang'));
    driver.deliver(request('fail'), { expectsReply: false });
    server.cut();
    endpoint.gate.open();
    await server.wait();
    await nextTurn();
    expect(events).toMatchObject([
      { side: 'server', kind: 'call', method: 'hang', error: { code: 'SERVER_LOST' } },
      { side: 'server', kind: 'cast', method: 'fail', error: { code: 'SERVER_LOST' } },
    ]);
  });

  test('around requests sees the run end with the cut, while the method goes on', async () => {
    const seen: unknown[] = [];
    const hook = {
      async aroundServe({ method }: IncomingRpc, next: () => Promise<void>) {
        await next().catch((error: unknown) => seen.push([method, error]));
      },
    };
    const endpoint = stubborn();
    const { driver, server, logger } = await serveScripted(endpoint, {}, [hook]);
    const call = driver.deliver(request('hang'));
    await vi.waitFor(() => expect(endpoint.requests).toHaveLength(1));
    server.cut();
    await server.wait();
    await vi.waitFor(() => expect(seen).toEqual([['hang', expect.any(ServerLost)]]));
    endpoint.gate.open();
    await nextTurn();
    expect(call.replies).toHaveLength(1);
    expect(logger.at('error')).toEqual([]);
  });

  test('around requests that has not called next yet delays nobody, and the method does not run', async () => {
    const [go, ended] = [new Gate(), new Gate()];
    const seen: unknown[] = [];
    const hook = {
      async aroundServe(_rpc: IncomingRpc, next: () => Promise<void>) {
        await go.opened;
        await next().catch((error: unknown) => seen.push(error));
        ended.open();
      },
    };
    const endpoint = stubborn();
    const { driver, server } = await serveScripted(endpoint, {}, [hook]);
    const call = driver.deliver(request('hang'));
    server.cut();
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'ServerLost' });
    go.open();
    await ended.opened;
    expect(seen).toEqual([expect.any(ServerLost)]);
    expect(endpoint.requests).toEqual([]);
    expect(call.replies).toHaveLength(1);
  });
});

test('a cut arrives as ServerLost, whatever error classes a transport allows', async () => {
  const { driver, server } = await serveScripted(stubborn());
  const call = driver.deliver(request('hang'));
  server.cut();
  await server.wait();
  const error = deserializeFailure(call.replies[0]?.failure ?? '', { allowedModules: ['nova.exception'] });
  expect(error).toBeInstanceOf(ServerLost);
  expect(error).toMatchObject({ name: 'ServerLost', code: 'SERVER_LOST', cause: { code: 'REMOTE_ERROR' } });
});

test('a ServerLost that a method has met in a call of its own does not arrive as one', async () => {
  const { driver, server } = await serveScripted({
    relay: () => {
      throw new ServerLost('No sign of life');
    },
  });
  const call = driver.deliver({ method: 'relay', args: {} });
  await server.wait();
  expect(deserializeFailure(call.replies[0]?.failure ?? '')).toMatchObject({
    code: 'REMOTE_ERROR',
    excType: 'MessagingTimeout',
  });
});
