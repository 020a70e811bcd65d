import { describe, expect, test, vi } from 'vitest';
import { markExpected } from '../remote-errors.ts';
import { Target } from '../target.ts';
import type { ScriptedIncoming } from '../test/scripted-driver.ts';
import { failureOf, serveScripted } from '../test/scripted-server.ts';
import type { RpcRequest } from './request.ts';

function untilAborted(_ctxt: object, _args: object, { signal }: RpcRequest): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

describe('a request whose deadline has passed', () => {
  test('is not run, not answered and not observed, and is logged quietly', async () => {
    const ping = vi.fn();
    const { driver, server, logger, events } = await serveScripted({ ping });
    const call = driver.deliver({ method: 'ping', args: {} }, { deadline: performance.now() });
    await server.wait();
    expect(ping).not.toHaveBeenCalled();
    expect(call.replies).toEqual([]);
    expect(logger.lines).toMatchObject([{ level: 'debug', data: { method: 'ping' } }]);
    expect(events).toEqual([]);
  });
});

describe('the third argument of a method', () => {
  test('tells of the request', async () => {
    const ping = vi.fn();
    const { driver, server } = await serveScripted({
      target: new Target({ namespace: 'base', version: '1.3' }),
      ping,
    });
    const before = Date.now();
    const message = { method: 'ping', args: {}, namespace: 'base', version: '1.2' };
    driver.deliver(message, { deadline: performance.now() + 60_000, attempt: 3 });
    await server.wait();
    const request = ping.mock.calls[0]?.[2] as RpcRequest;
    expect(request).toMatchObject({
      method: 'ping',
      namespace: 'base',
      version: '1.2',
      attempt: 3,
    });
    expect(request.timeLeft).toBeLessThanOrEqual(60_000);
    expect(request.deadline).toBeGreaterThan(before + 59_000);
  });

  test('has a signal that does not fire ahead of a deadline beyond the reach of timers', async () => {
    vi.useFakeTimers();
    try {
      const { driver } = await serveScripted({ wait: untilAborted });
      const day = 86_400_000;
      const call = driver.deliver({ method: 'wait', args: {} }, { deadline: performance.now() + 30 * day });
      await vi.advanceTimersByTimeAsync(29 * day);
      expect(call.outcomes).toEqual([]);
      await vi.advanceTimersByTimeAsync(2 * day);
      expect(call.outcomes).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('has a signal that fires at the deadline', async () => {
    vi.useFakeTimers();
    try {
      const { driver, server, logger, events } = await serveScripted({ wait: untilAborted });
      const call = driver.deliver({ method: 'wait', args: {} }, { deadline: performance.now() + 50 });
      await vi.advanceTimersByTimeAsync(49);
      expect(events).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await server.wait();
      expect(events).toMatchObject([{ error: { code: 'MESSAGING_TIMEOUT' } }]);
      expect(call.replies).toEqual([]);
      expect(call.outcomes).toHaveLength(1);
      expect(logger.lines).toMatchObject([{ level: 'debug', data: { method: 'wait' } }]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('tells the time that is left, also when the clock is set meanwhile', async () => {
    const ping = vi.fn();
    const { driver } = await serveScripted({ ping });
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      driver.deliver({ method: 'ping', args: {} }, { deadline: performance.now() + 60_000 });
      const request = ping.mock.calls[0]?.[2] as RpcRequest;
      vi.setSystemTime(Date.now() + 3_600_000);
      expect(request.timeLeft).toBeGreaterThan(0);
      expect(request.timeLeft).toBeLessThanOrEqual(60_000);
      expect(request.signal.aborted).toBe(false);
      expect((request.deadline ?? 0) - Date.now()).toBeLessThanOrEqual(60_001);
    } finally {
      vi.useRealTimers();
    }
  });

  test('has a signal that fires when the caller cancels, and the method ends quietly', async () => {
    const { driver, server, logger, events } = await serveScripted({ wait: untilAborted });
    const call = driver.deliver({ method: 'wait', args: {} });
    call.cancel();
    await server.wait();
    expect(events).toMatchObject([{ error: { code: 'CALL_CANCELLED' } }]);
    expect(call.replies).toEqual([]);
    expect(call.outcomes).toHaveLength(1);
    expect(logger.lines).toMatchObject([{ level: 'debug', data: { method: 'wait' } }]);
  });

  test('has a signal that does not fire once the method has ended', async () => {
    vi.useFakeTimers();
    try {
      let signal: AbortSignal | undefined;
      const { driver, server } = await serveScripted({
        ping: (_ctxt: object, _args: object, request: RpcRequest) => {
          signal = request.signal;
        },
      });
      const call = driver.deliver({ method: 'ping', args: {} }, { deadline: performance.now() + 30 });
      await server.wait();
      call.cancel();
      await vi.advanceTimersByTimeAsync(60);
      expect(signal?.aborted).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  test('costs nothing when its signal is not read', async () => {
    const { driver, server } = await serveScripted({ ping: () => 'pong' });
    const onCancelled = vi.fn();
    driver.deliver({ method: 'ping', args: {} }, { onCancelled });
    await server.wait();
    expect(onCancelled).not.toHaveBeenCalled();
  });
});

describe('a method with several results', () => {
  const endpoint = {
    async *count(_ctxt: object, { to, fail }: { to: number; fail?: boolean }) {
      for (let number = 1; number <= to; number += 1) yield number;
      if (fail) throw markExpected(new Error('out of numbers'));
    },
  };

  test('sends them one after another, then how many there were', async () => {
    const { driver, server } = await serveScripted(endpoint);
    let sending = 0;
    const results: unknown[] = [];
    const sendResult = async (result: unknown) => {
      sending += 1;
      expect(sending).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      results.push(result);
      sending -= 1;
    };
    const call = driver.deliver({ method: 'count', args: { to: 3 } }, { sendResult });
    await server.wait();
    expect(results).toEqual([1, 2, 3]);
    expect(call.replies).toEqual([{ result: null, failure: null, results: 3 }]);
  });

  test('tells that there was none', async () => {
    const { driver, server } = await serveScripted(endpoint);
    const call = driver.deliver({ method: 'count', args: { to: 0 } });
    await server.wait();
    expect(call.replies).toEqual([{ result: null, failure: null, results: 0 }]);
  });

  test('ends with its failure', async () => {
    const { driver, server } = await serveScripted(endpoint);
    const call = driver.deliver({ method: 'count', args: { to: 2, fail: true } });
    await server.wait();
    expect(call.results).toEqual([1, 2]);
    expect(failureOf(call)).toMatchObject({ message: 'out of numbers' });
    expect(call.replies[0]).toMatchObject({ results: 2 });
  });

  test.each<[string, (call: ScriptedIncoming) => void, string | undefined]>([
    ['is cancelled', (call) => call.cancel(), undefined],
    ['cannot send one', () => {}, 'Exception'],
  ])('is told to return when it %s', async (what, act, failure) => {
    const steps: unknown[] = [];
    const { driver, server } = await serveScripted({
      async *count() {
        try {
          for (let number = 1; ; number += 1) yield number;
        } finally {
          steps.push('returned');
        }
      },
    });
    const sendResult = async (result: unknown) => {
      steps.push(result);
      await new Promise((resolve) => setImmediate(resolve));
      if (result !== 2) return;
      act(call);
      if (what === 'cannot send one') throw new Error('wire cut');
    };
    const call = driver.deliver({ method: 'count', args: {} }, { sendResult });
    await server.wait();
    expect(steps).toEqual([1, 2, 'returned']);
    expect(failureOf(call)?.class).toBe(failure);
  });

  test('runs to its end for a cast, and sends nothing', async () => {
    const { driver, server } = await serveScripted(endpoint);
    const cast = driver.deliver({ method: 'count', args: { to: 2 } }, { expectsReply: false });
    await server.wait();
    expect(cast.replies).toEqual([]);
    expect(cast.outcomes).toEqual([undefined]);
  });

  test('runs within `around` until its last result', async () => {
    const steps: unknown[] = [];
    const { driver, server } = await serveScripted(endpoint, {
      around: async (_ctxt, _message, run) => {
        steps.push('before');
        await run();
        steps.push('after');
      },
    });
    driver.deliver(
      { method: 'count', args: { to: 2 } },
      { sendResult: async (result: unknown) => void steps.push(result) },
    );
    await server.wait();
    expect(steps).toEqual(['before', 1, 2, 'after']);
  });
});
