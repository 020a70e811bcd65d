import { describe, expect, test, vi } from 'vitest';
import type { IncomingRpc } from '../hooks.ts';
import { markExpected } from '../remote-errors.ts';
import { NoOpSerializer } from '../serializers.ts';
import { Target } from '../target.ts';
import { Gate } from '../test/rpc-fixture.ts';
import { failureOf, serveScripted } from '../test/scripted-server.ts';

describe('a malformed request', () => {
  const bad = { args: {} };

  test('is logged once and dropped, and the next one is served', async () => {
    const { driver, logger, server } = await serveScripted({ ping: () => 'pong' });
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
    const { driver, server, events } = await serveScripted({});
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
    const { driver, logger, server } = await serveScripted(endpoint);
    const call = driver.deliver({ method: 'full_host', args: {} });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'Exception', message: 'host is full' });
    expect(logger.lines).toMatchObject([
      { level: 'info', data: { method: 'full_host', request_id: 'req-1', error: 'Error: host is full' } },
    ]);
  });

  test('of a cast that is expected is a warning', async () => {
    const { driver, logger, server } = await serveScripted(endpoint);
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
    const { driver, logger, server } = await serveScripted(endpoint);
    const incoming = driver.deliver({ method: 'bug', args: {} }, { expectsReply });
    await server.wait();
    expect(logger.lines).toMatchObject([
      { level: 'error', data: { method: 'bug', request_id: 'req-1', err: expect.any(Error) } },
    ]);
    expect(incoming.replies).toHaveLength(expectsReply ? 1 : 0);
  });

  test('to serialize the result is replied and logged', async () => {
    const { driver, logger, server } = await serveScripted(endpoint);
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
    const { driver, logger, server } = await serveScripted(endpoint, { serializer: new Strict() });
    const call = driver.deliver({ method: 'bug', args: {} });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ message: 'no project_id' });
    expect(logger.at('error')).toHaveLength(1);
  });

  test('to reply is logged, and the server goes on', async () => {
    const { driver, logger, server } = await serveScripted({ ping: () => 'pong' });
    driver.deliver({ method: 'ping', args: {} }, { reply: () => Promise.reject(new Error('wire cut')) });
    await server.wait();
    expect(logger.lines).toMatchObject([{ level: 'error', data: { err: { message: 'wire cut' } } }]);
  });
});

describe('done', () => {
  const endpoint = {
    ping: () => 'pong',
    bug: () => {
      throw new Error('bug');
    },
    nothing: () => {
      throw undefined;
    },
  };

  test.each<[string, object, object, object | undefined]>([
    ['a call that is answered', { method: 'ping', args: {} }, {}, undefined],
    ['a cast that has run', { method: 'ping', args: {} }, { expectsReply: false }, undefined],
    ['a cast that failed', { method: 'bug', args: {} }, { expectsReply: false }, { message: 'bug' }],
    ['a call that failed', { method: 'bug', args: {} }, {}, { message: 'bug' }],
    [
      'what is thrown without an error',
      { method: 'nothing', args: {} },
      {},
      { message: 'undefined was thrown' },
    ],
    ['an unknown method', { method: 'absent', args: {} }, {}, { code: 'NO_SUCH_METHOD' }],
    ['a malformed request', { args: {} }, { expectsReply: false }, { code: 'MALFORMED_REQUEST' }],
    ['a request whose deadline has passed', { method: 'ping', args: {} }, { deadline: 1 }, undefined],
    [
      'a reply that cannot be sent',
      { method: 'ping', args: {} },
      { reply: () => Promise.reject(new Error('wire cut')) },
      undefined,
    ],
  ])('is called once for %s', async (_what, message, options, failure) => {
    const { driver, server } = await serveScripted(endpoint);
    const incoming = driver.deliver(message, options);
    await server.stop();
    await server.wait();
    expect(incoming.outcomes).toHaveLength(1);
    if (failure === undefined) expect(incoming.outcomes[0]).toBeUndefined();
    else expect(incoming.outcomes[0]).toMatchObject(failure);
  });

  test('is called after the reply was sent, and an error of the driver is logged', async () => {
    const { driver, server, logger } = await serveScripted(endpoint);
    const sent = new Gate();
    const done = vi.fn(() => {
      throw new Error('driver bug');
    });
    driver.deliver({ method: 'ping', args: {} }, { reply: () => sent.opened, done });
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).not.toHaveBeenCalled();
    sent.open();
    await server.wait();
    expect(done).toHaveBeenCalledOnce();
    expect(logger.lines).toMatchObject([{ level: 'error', data: { err: { message: 'driver bug' } } }]);
  });
});

describe('expected errors', () => {
  class HostBusy extends Error {}
  class HostVeryBusy extends HostBusy {}
  const endpoint = {
    expectedErrors: [HostBusy],
    busy: () => {
      throw new HostVeryBusy('come back later');
    },
    other: () => {
      throw new Error('a bug');
    },
    async *stream() {
      yield 1;
      throw new HostBusy('come back later');
    },
  };

  test('are logged in a quiet line, others as bugs', async () => {
    const { driver, server, logger } = await serveScripted(endpoint);
    for (const method of ['busy', 'stream', 'other']) {
      driver.deliver({ method, args: {} });
      await server.wait();
    }
    expect(logger.lines).toMatchObject([
      { level: 'info', data: { method: 'busy', error: 'Error: come back later' } },
      { level: 'info', data: { method: 'stream' } },
      { level: 'error', data: { method: 'other' } },
    ]);
  });

  test('are not a method, and can only be a list of classes', async () => {
    const { driver, server } = await serveScripted(endpoint);
    const call = driver.deliver({ method: 'expected_errors', args: {} });
    await server.wait();
    expect(failureOf(call)).toMatchObject({ class: 'NoSuchMethod' });
    for (const expectedErrors of [() => {}, ['HostBusy']]) {
      await expect(serveScripted({ expectedErrors })).rejects.toThrow(TypeError);
    }
  });
});

describe('hooks', () => {
  test('run around each request, and see its error', async () => {
    const seen: unknown[] = [];
    const hook = {
      async aroundServe(rpc: IncomingRpc, next: () => Promise<void>) {
        const { error } = await next().then(
          () => ({ error: undefined }),
          (error: unknown) => ({ error: String(error) }),
        );
        seen.push({ ...rpc, error });
      },
    };
    const endpoint = { target: new Target({ version: '6.1' }), ping: () => 'pong' };
    const { driver, server } = await serveScripted(endpoint, {}, [hook]);
    driver.deliver({ method: 'ping', args: {}, version: '6.0' }, { queueWait: 12, attempt: 2 });
    await server.wait();
    driver.deliver({ method: 'absent', args: {}, version: '6.0' }, { expectsReply: false });
    await server.wait();
    const malformed = driver.deliver({ args: {} });
    await server.wait();
    expect(seen).toMatchObject([
      { kind: 'call', method: 'ping', ctxt: { request_id: 'req-1' }, queueWait: 12, attempt: 2 },
      { kind: 'cast', method: 'absent', queueWait: null, error: expect.stringContaining('NoSuchMethod') },
    ]);
    expect(seen).toHaveLength(2);
    expect(failureOf(malformed)).toMatchObject({ message: expect.stringContaining('method') });
  });

  test('are told when a request is dropped because its deadline has passed', async () => {
    const onTransportEvent = vi.fn();
    const { driver } = await serveScripted({}, {}, [{ onTransportEvent }]);
    driver.deliver({ method: 'ping', args: {} }, { deadline: 1 });
    expect(onTransportEvent).toHaveBeenCalledWith({ type: 'expired_dropped', data: { method: 'ping' } });
  });
});

describe('call-monitor heartbeats', () => {
  test('are sent soon, then every half timeout while the endpoint runs, and not after', async () => {
    vi.useFakeTimers();
    try {
      const gate = new Gate();
      const { driver, server } = await serveScripted({ slow: () => gate.opened });
      const call = driver.deliver({ method: 'slow', args: {} }, { callMonitorTimeout: 2 });
      await vi.advanceTimersByTimeAsync(499);
      expect(call.heartbeats).toBe(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(call.heartbeats).toBe(1);
      await vi.advanceTimersByTimeAsync(3000);
      expect(call.heartbeats).toBe(4);
      gate.open();
      await server.wait();
      await vi.advanceTimersByTimeAsync(5000);
      expect(call.heartbeats).toBe(4);
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([null, 0, -1, Number.NaN])('are not sent for a timeout of %s', async (callMonitorTimeout) => {
    vi.useFakeTimers();
    try {
      const gate = new Gate();
      const { driver } = await serveScripted({ slow: () => gate.opened });
      const call = driver.deliver({ method: 'slow', args: {} }, { callMonitorTimeout });
      await vi.advanceTimersByTimeAsync(5000);
      expect(call.heartbeats).toBe(0);
      gate.open();
    } finally {
      vi.useRealTimers();
    }
  });

  test('that cannot be sent do not disturb the endpoint', async () => {
    const { driver, server } = await serveScripted({
      slow: () => new Promise((resolve) => setTimeout(resolve, 50)),
    });
    const heartbeat = vi.fn(() => Promise.reject(new Error('wire cut')));
    const call = driver.deliver({ method: 'slow', args: {} }, { callMonitorTimeout: 0.02, heartbeat });
    await server.wait();
    expect(heartbeat).toHaveBeenCalled();
    expect(call.replies).toEqual([{ result: null, failure: null }]);
  });
});

describe('a hook for finished RPCs', () => {
  test('is told of each request with its target, context and outcome', async () => {
    const { driver, events, server } = await serveScripted({
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
