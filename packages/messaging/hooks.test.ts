import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test, vi } from 'vitest';
import { chainOf, Hooks } from './hooks.ts';
import { RecordingLogger } from './test/recording-logger.ts';

type Hook = Parameters<typeof chainOf<object>>[0][number];

function setUp(...hooks: Hook[]) {
  const logger = new RecordingLogger();
  return { logger, chain: chainOf<object>(hooks, logger) ?? expect.fail('no chain') };
}

const outcomeOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('hooks', () => {
  test('run around the RPC, the first outermost, and are told of the RPC', async () => {
    const steps: unknown[] = [];
    const noting = (name: string) => async (rpc: object, next: () => Promise<void>) => {
      steps.push([name, rpc]);
      await next();
      steps.push(`${name} after`);
    };
    const { chain } = setUp(noting('first'), noting('second'));
    const rpc = { method: 'echo' };
    expect(await chain(rpc, async () => steps.push('rpc'))).toBe(3);
    await vi.waitFor(() =>
      expect(steps).toEqual([['first', rpc], ['second', rpc], 'rpc', 'second after', 'first after']),
    );
  });

  test('see the error of the RPC, and need not pass it on', async () => {
    const seen: unknown[] = [];
    const { chain, logger } = setUp(async (_rpc, next) => {
      await next().catch((error: unknown) => seen.push(error));
    });
    const error = new Error('no host');
    expect(await outcomeOf(chain({}, () => Promise.reject(error)))).toBe(error);
    expect(seen).toEqual([error]);
    expect(logger.lines).toEqual([]);
  });

  test('that pass the error on are not considered broken', async () => {
    const { chain, logger } = setUp((_rpc, next) => next());
    const error = new Error('no host');
    expect(await outcomeOf(chain({}, () => Promise.reject(error)))).toBe(error);
    await new Promise((resolve) => setImmediate(resolve));
    expect(logger.lines).toEqual([]);
  });

  test.each<[string, Hook]>([
    [
      'throw before',
      () => {
        throw new Error('hook bug');
      },
    ],
    ['reject before', () => Promise.reject(new Error('hook bug'))],
    [
      'throw after',
      async (_rpc, next) => {
        await next();
        throw new Error('hook bug');
      },
    ],
  ])('that %s are logged, and the RPC goes on', async (_when, hook) => {
    const { chain, logger } = setUp(hook);
    const inner = vi.fn(async () => 'done');
    expect(await chain({}, inner)).toBe('done');
    expect(inner).toHaveBeenCalledOnce();
    await vi.waitFor(() =>
      expect(logger.lines).toMatchObject([{ level: 'error', data: { err: expect.any(Error) } }]),
    );
  });

  test('that never call next do not keep the RPC from running, nor can they run it twice', async () => {
    const inner = vi.fn(async () => 'done');
    expect(await setUp(() => {}).chain({}, inner)).toBe('done');
    const twice = setUp((_rpc, next) => {
      void next();
      void next();
    });
    expect(await twice.chain({}, inner)).toBe('done');
    expect(inner).toHaveBeenCalledTimes(2);
  });

  test('that neither call next nor end hold up the RPC for a second', async () => {
    vi.useFakeTimers();
    try {
      const { chain, logger } = setUp(() => new Promise(() => {}));
      const inner = vi.fn(async () => 'done');
      const outcome = chain({}, inner);
      await vi.advanceTimersByTimeAsync(900);
      expect(inner).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(200);
      expect(await outcome).toBe('done');
      expect(inner).toHaveBeenCalledOnce();
      expect(logger.lines).toMatchObject([{ level: 'error' }]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('that call next later leave no timer', async () => {
    vi.useFakeTimers();
    try {
      const { chain, logger } = setUp(async (_rpc, next) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await next();
      });
      const outcome = chain({}, async () => 'done');
      await vi.advanceTimersByTimeAsync(100);
      expect(await outcome).toBe('done');
      expect(vi.getTimerCount()).toBe(0);
      expect(logger.lines).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('that are still busy afterwards do not hold up the outcome', async () => {
    const { chain } = setUp(async (_rpc, next) => {
      await next();
      await new Promise(() => {});
    });
    expect(await chain({}, async () => 'done')).toBe('done');
  });

  test('give the RPC their asynchronous context', async () => {
    const span = new AsyncLocalStorage<string>();
    const { chain } = setUp((_rpc, next) => span.run('span 1', next));
    const inner = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return span.getStore();
    };
    expect(await chain({}, inner)).toBe('span 1');
  });
});

test('transport events reach all listeners, even after one that throws', () => {
  const logger = new RecordingLogger();
  const second = vi.fn();
  const broken = {
    onTransportEvent: () => {
      throw new Error('hook bug');
    },
  };
  const hooks = new Hooks([{}, broken, { onTransportEvent: second }], logger);
  hooks.onTransportEvent?.({ type: 'connected', data: {} });
  expect(second).toHaveBeenCalledWith({ type: 'connected', data: {} });
  expect(logger.lines).toMatchObject([{ level: 'error', data: { event: 'connected' } }]);
  expect(new Hooks([{}], logger).onTransportEvent).toBeUndefined();
});

test('a listener of transport events that rejects is logged, and no unhandled rejection', async () => {
  const logger = new RecordingLogger();
  const onTransportEvent = async (): Promise<void> => {
    throw new Error('hook bug');
  };
  new Hooks([{ onTransportEvent }], logger).onTransportEvent?.({ type: 'connected', data: {} });
  await vi.waitFor(() =>
    expect(logger.lines).toMatchObject([{ level: 'error', data: { event: 'connected' } }]),
  );
});
