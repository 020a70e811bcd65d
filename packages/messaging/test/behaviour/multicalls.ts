import { describe, expect, vi } from 'vitest';
import { CallCancelled, NoSuchMethod, Overloaded, RPCClient, Target } from '../../index.ts';
import { callUntilBegun } from '../call-until-begun.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** An endpoint that notes when its endless results have ended. */
function newEndpoint() {
  const [started, ended] = [new Gate(), new Gate()];
  return {
    begun: () => started.isOpen,
    ended: ended.opened,
    endpoint: {
      async *give(_ctxt: object, { values, fail }: { values: unknown[]; fail?: string }) {
        yield* values;
        if (fail !== undefined) throw new Error(fail);
      },
      async *endless(_ctxt: object, { size = 1 }: { size?: number }) {
        started.open();
        try {
          for (;;) {
            await new Promise((resolve) => setImmediate(resolve));
            yield 'x'.repeat(size);
          }
        } finally {
          ended.open();
        }
      },
      plain: () => 7,
    },
  };
}

async function collect<T>(results: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const result of results) into.push(result);
  return into;
}

export function describeMulticalls(url: UrlFactory): void {
  describe('a multicall', () => {
    rpcTest('yields what the method yields, in order', url, async (rpc) => {
      await rpc.serve(newEndpoint().endpoint);
      const client = new RPCClient(rpc.transport(), new Target({ topic: rpc.topic }));
      const many = Array.from({ length: 500 }, (_, index) => index);
      for (const values of [[1, 2, 3], [], [null], [0, '', false, null, [], {}, 'Zürich 東京'], many]) {
        expect(await collect(client.multicall(CTXT, 'give', { values }))).toEqual(values);
      }
      expect(await collect(client.multicall(CTXT, 'plain', {}))).toEqual([7]);
    });

    rpcTest('is not mixed with others at the same time', url, async (rpc) => {
      await rpc.serve(newEndpoint().endpoint);
      const client = rpc.client();
      const lists = Array.from({ length: 20 }, (_, list) => Array.from({ length: 20 }, (_, n) => [list, n]));
      const results = lists.map((values) => collect(client.multicall(CTXT, 'give', { values })));
      expect(await Promise.all(results)).toEqual(lists);
    });

    rpcTest('gives its error after the results before it', url, async (rpc) => {
      await rpc.serve(newEndpoint().endpoint);
      const client = rpc.client();
      const results: unknown[] = [];
      const multicall = client.multicall(CTXT, 'give', { values: [1, 2], fail: 'no more' });
      await expect(collect(multicall, results)).rejects.toMatchObject({ value: 'no more' });
      expect(results).toEqual([1, 2]);
      const absent = collect(client.multicall(CTXT, 'absent', {}));
      await expect(absent).rejects.toBeInstanceOf(NoSuchMethod);
    });

    rpcTest('that is left early ends the method', url, async (rpc) => {
      const { endpoint, ended } = newEndpoint();
      await rpc.serve(endpoint);
      for await (const _result of rpc.client().multicall(CTXT, 'endless', {})) break;
      await ended;
    });

    rpcTest('ends when its signal fires, and so does the method', url, async (rpc) => {
      const { endpoint, ended } = newEndpoint();
      await rpc.serve(endpoint);
      const user = new AbortController();
      const multicall = rpc.client({ signal: user.signal }).multicall(CTXT, 'endless', {});
      await multicall.next();
      user.abort();
      await expect(collect(multicall)).rejects.toBeInstanceOf(CallCancelled);
      await ended;
    });

    rpcTest('ends with its timeout, and so does the method', url, async (rpc) => {
      const { endpoint, begun, ended } = newEndpoint();
      await rpc.serve(endpoint);
      const client = rpc.client();
      await callUntilBegun(
        (timeout) => collect(client.prepare({ timeout }).multicall(CTXT, 'endless', {})),
        begun,
      );
      await ended;
    });

    rpcTest('whose reader falls too far behind is Overloaded, and ends', url, async (rpc) => {
      const { endpoint, ended } = newEndpoint();
      await rpc.serve(endpoint);
      const client = rpc.client({ transport: rpc.transport({ limits: { streamBytes: 10_000 } }) });
      const multicall = client.multicall(CTXT, 'endless', { size: 1_000 });
      await multicall.next();
      await ended;
      await expect(collect(multicall)).rejects.toBeInstanceOf(Overloaded);
    });

    rpcTest('sends nothing before its first result is asked for', url, async (rpc) => {
      const give = vi.fn();
      await rpc.serve({ give });
      const client = rpc.client();
      const multicall = client.multicall(CTXT, 'give', { values: [1] });
      await client.call(CTXT, 'give', {});
      await multicall.return();
      await client.call(CTXT, 'give', {});
      expect(give).toHaveBeenCalledTimes(2);
    });
  });

  rpcTest('a call of a method with several results gets the last', url, async (rpc) => {
    await rpc.serve(newEndpoint().endpoint);
    const client = rpc.client();
    expect(await client.call(CTXT, 'give', { values: [1, 2, 3] })).toBe(3);
    expect(await client.call(CTXT, 'give', { values: [] })).toBeNull();
    const failing = client.call(CTXT, 'give', { values: [1], fail: 'no more' });
    await expect(failing).rejects.toMatchObject({ value: 'no more' });
  });
}
