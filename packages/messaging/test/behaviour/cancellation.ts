import { getEventListeners, once } from 'node:events';
import { describe, expect, vi } from 'vitest';
import { CallCancelled, MessagingTimeout, type RpcHooks, type RpcRequest } from '../../index.ts';
import { callUntilBegun } from '../call-until-begun.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** A method that ends when its request's signal fires, and notes why. */
function waiting() {
  const reasons: unknown[] = [];
  const started = new Gate();
  const wait = (_ctxt: object, _args: object, { signal }: RpcRequest) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(signal.reason);
      });
      started.open();
    });
  return { endpoint: { wait }, reasons, started: started.opened, begun: () => started.isOpen };
}

export function describeCancellation(url: UrlFactory): void {
  describe('cancelling', () => {
    rpcTest('ends the call at once, and the method is told', url, async (rpc) => {
      const { endpoint, reasons, started } = waiting();
      await rpc.serve(endpoint);
      const user = new AbortController();
      const client = rpc.client({ callMonitorTimeout: 1, signal: user.signal });
      const outcome = client.call(CTXT, 'wait', {}).catch((error: unknown) => error);
      await started;
      const reason = new Error('the user has gone');
      user.abort(reason);
      const error = await outcome;
      expect(error).toBeInstanceOf(CallCancelled);
      expect(error).toMatchObject({ code: 'CALL_CANCELLED', cause: reason });
      await vi.waitFor(() => expect(reasons).toHaveLength(1));
      expect(reasons[0]).toBeInstanceOf(CallCancelled);
    });

    rpcTest('is reported to a method that has ended well, when nobody gets its answer', url, async (rpc) => {
      const started = new Gate();
      const unanswered: string[] = [];
      await rpc.serve({
        async reserve(_ctxt: object, { what }: { what: string }, request: RpcRequest) {
          request.onUnanswered(() => unanswered.push(what));
          if (what === 'in time') return what;
          started.open();
          if (!request.signal.aborted) await once(request.signal, 'abort');
          return what;
        },
      });
      const user = new AbortController();
      const client = rpc.client();
      expect(await client.call(CTXT, 'reserve', { what: 'in time' })).toBe('in time');
      const late = client.prepare({ signal: user.signal }).call(CTXT, 'reserve', { what: 'late' });
      late.catch(() => {});
      await started.opened;
      user.abort();
      await expect(late).rejects.toBeInstanceOf(CallCancelled);
      await vi.waitFor(() => expect(unanswered).toEqual(['late']));
    });

    rpcTest('before the call sends nothing', url, async (rpc) => {
      let runs = 0;
      await rpc.serve({ run: () => ++runs });
      const client = rpc.client();
      const cancelled = client.prepare({ signal: AbortSignal.abort() });
      await expect(cancelled.call(CTXT, 'run', {})).rejects.toBeInstanceOf(CallCancelled);
      await expect(cancelled.cast(CTXT, 'run', {})).rejects.toBeInstanceOf(CallCancelled);
      expect(await client.call(CTXT, 'run', {})).toBe(1);
    });

    rpcTest('leaves no listener on the signal of a call that has ended', url, async (rpc) => {
      await rpc.serve({ ping: () => 'pong' });
      const user = new AbortController();
      const client = rpc.client({ signal: user.signal });
      for (let count = 0; count < 20; count += 1) await client.call(CTXT, 'ping', {});
      for await (const _result of client.multicall(CTXT, 'ping', {}));
      expect(getEventListeners(user.signal, 'abort')).toEqual([]);
      user.abort();
    });
  });

  describe('a signal', () => {
    rpcTest('may be shared by any number of calls at once, without a warning', url, async (rpc) => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning);
      process.on('warning', onWarning);
      try {
        const everybody = new Gate();
        let here = 0;
        const meet = async () => {
          here += 1;
          if (here === 200) everybody.open();
          await everybody.opened;
        };
        await rpc.serve({ meet, echo: (_ctxt: object, { n }: { n: number }) => n });
        const user = new AbortController();
        const client = rpc.client({ signal: user.signal });
        await Promise.all(Array.from({ length: 200 }, () => client.call(CTXT, 'meet', {})));
        for (let left = 10_000; left > 0; left -= 500) {
          await Promise.all(Array.from({ length: 500 }, (_, n) => client.call(CTXT, 'echo', { n })));
        }
        await Promise.all(Array.from({ length: 200 }, (_, n) => client.cast(CTXT, 'echo', { n })));
        expect(getEventListeners(user.signal, 'abort')).toEqual([]);
        await new Promise((resolve) => setImmediate(resolve));
        expect(warnings).toEqual([]);
      } finally {
        process.off('warning', onWarning);
      }
    });

    rpcTest('of many calls ends all of them', url, async (rpc) => {
      const { endpoint, reasons } = waiting();
      await rpc.serve(endpoint);
      const user = new AbortController();
      const client = rpc.client({ callMonitorTimeout: 1, signal: user.signal });
      const calls = Array.from({ length: 20 }, () => client.call(CTXT, 'wait', {}));
      const outcomes = Promise.allSettled(calls);
      user.abort();
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(CallCancelled) });
      }
      await vi.waitFor(() => expect(new Set(reasons).size).toBe(reasons.length));
    });

    rpcTest('that fires while a hook is at work keeps the request from being sent', url, async (rpc) => {
      let runs = 0;
      await rpc.serve({ run: () => ++runs });
      const user = new AbortController();
      const hooks: RpcHooks[] = [
        {
          async aroundSend(_rpc, next) {
            user.abort();
            await next();
          },
        },
      ];
      const client = rpc.client({ transport: rpc.transport({ hooks }), signal: user.signal });
      await expect(client.call(CTXT, 'run', {})).rejects.toBeInstanceOf(CallCancelled);
      const late = rpc.client({ transport: rpc.transport({ hooks }) });
      const cancelled = late.prepare({ signal: AbortSignal.abort() });
      await expect(cancelled.cast(CTXT, 'run', {})).rejects.toBeInstanceOf(CallCancelled);
      expect(await rpc.client().call(CTXT, 'run', {})).toBe(1);
    });

    rpcTest('keeps no listener of a multicall that nobody reads to its end', url, async (rpc) => {
      const gate = new Gate();
      async function* two(): AsyncGenerator<number> {
        yield 1;
        await gate.opened;
        yield 2;
      }
      async function* endless(): AsyncGenerator<number> {
        for (let n = 0; ; n += 1) {
          yield n;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
      await rpc.serve({ two, endless });
      const user = new AbortController();
      const client = rpc.client({ signal: user.signal });
      const listeners = () => getEventListeners(user.signal, 'abort');
      await client.multicall(CTXT, 'two', {}).next();
      expect(listeners()).toHaveLength(1);
      gate.open();
      await vi.waitFor(() => expect(listeners()).toEqual([]));
      const first = client.prepare({ timeout: 2 }).multicall(CTXT, 'endless', {}).next();
      expect(listeners()).toHaveLength(1);
      // Whether or not it comes in time.
      await Promise.allSettled([first]);
      await vi.waitFor(() => expect(listeners()).toEqual([]));
    });
  });

  describe('a deadline', () => {
    rpcTest('travels: the method knows it, and its signal fires then', url, async (rpc) => {
      const { endpoint, reasons, begun } = waiting();
      const deadlines: unknown[] = [];
      const tell = (_ctxt: object, _args: object, { deadline }: RpcRequest) => void deadlines.push(deadline);
      await rpc.serve({ ...endpoint, tell });
      const client = rpc.client({ timeout: 60 });
      const before = Date.now();
      await client.call(CTXT, 'tell', {});
      expect(deadlines[0]).toBeGreaterThan(before + 59_800);
      expect(deadlines[0]).toBeLessThan(Date.now() + 60_200);
      await callUntilBegun((timeout) => client.prepare({ timeout }).call(CTXT, 'wait', {}), begun);
      await vi.waitFor(() => expect(reasons).toHaveLength(1));
      expect(reasons[0]).toBeInstanceOf(MessagingTimeout);
    });

    rpcTest('is null for a cast', url, async (rpc) => {
      const deadlines: unknown[] = [];
      const tell = (_ctxt: object, _args: object, { deadline }: RpcRequest) => void deadlines.push(deadline);
      await rpc.serve({ tell });
      await rpc.client({ timeout: 0.7 }).cast(CTXT, 'tell', {});
      await vi.waitFor(() => expect(deadlines).toEqual([null]));
    });

    rpcTest('that has passed keeps the request from running', url, async (rpc) => {
      const [started, finish] = [new Gate(), new Gate()];
      const runs: unknown[] = [];
      const endpoint = {
        slow: async () => {
          started.open();
          await finish.opened;
        },
        run: (_ctxt: object, { n }: { n: number }) => void runs.push(n),
      };
      await rpc.serve(endpoint, { prefetch: 1 });
      const client = rpc.client();
      const slow = client.call(CTXT, 'slow', {});
      await started.opened;
      const late = client.prepare({ timeout: 0.3 }).call(CTXT, 'run', { n: 1 });
      await expect(late).rejects.toBeInstanceOf(MessagingTimeout);
      finish.open();
      await slow;
      await client.call(CTXT, 'run', { n: 2 });
      expect(runs).toEqual([2]);
    });
  });
}
