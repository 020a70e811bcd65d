import { describe, expect, vi } from 'vitest';
import { MessagingTimeout, type RpcEvent } from '../../index.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };

export function describeCalls(url: UrlFactory): void {
  describe('a call', () => {
    rpcTest('returns what the method returns', url, async (rpc) => {
      await rpc.serve({ addUp: async (_ctxt: object, { a, b }: { a: number; b: number }) => a + b });
      expect(await rpc.client().call(CTXT, 'add_up', { a: 2, b: 3 })).toBe(5);
    });

    rpcTest('needs no arguments, nor does a cast or a multicall', url, async (rpc) => {
      const received: unknown[] = [];
      const cast = new Gate();
      await rpc.serve({
        ping: (_ctxt: object, args: object) => args,
        async *list(_ctxt: object, args: object) {
          yield args;
        },
        note: (_ctxt: object, args: object) => {
          received.push(args);
          cast.open();
        },
      });
      const client = rpc.client();
      expect(await client.call(CTXT, 'ping')).toEqual({});
      expect(await client.prepare({ timeout: 30 }).call(CTXT, 'ping')).toEqual({});
      for await (const item of client.multicall(CTXT, 'list')) received.push(item);
      await client.cast(CTXT, 'note');
      await cast.opened;
      expect(received).toEqual([{}, {}]);
    });

    rpcTest('carries the context', url, async (rpc) => {
      await rpc.serve({ whoami: (ctxt: object) => ctxt });
      expect(await rpc.client().call(CTXT, 'whoami', {})).toEqual(CTXT);
    });

    rpcTest('returns null from a method that returns null or nothing', url, async (rpc) => {
      await rpc.serve({ giveNull: () => null, giveNothing: () => {} });
      const client = rpc.client();
      expect(await client.call(CTXT, 'give_null', {})).toBeNull();
      expect(await client.call(CTXT, 'give_nothing', {})).toBeNull();
    });

    rpcTest('keeps falsy, nested and unicode values', url, async (rpc) => {
      await rpc.serve(echo);
      const client = rpc.client();
      for (const value of [0, '', false, [], {}, null, [[1, { a: [null] }]], 'Zürich 東京 🚀 \u0000 "\\']) {
        expect(await client.call(CTXT, 'echo', { value })).toEqual(value);
      }
    });

    rpcTest('carries a megabyte both ways', url, async (rpc) => {
      await rpc.serve(echo);
      const value = 'é'.repeat(512 * 1024);
      expect(await rpc.client().call(CTXT, 'echo', { value })).toBe(value);
    });

    rpcTest('gives the server a copy of its arguments', url, async (rpc) => {
      await rpc.serve({
        fill: (_ctxt: object, { list }: { list: number[] }) => {
          list.push(1);
          return list;
        },
      });
      const list: number[] = [];
      expect(await rpc.client().call(CTXT, 'fill', { list })).toEqual([1]);
      expect(list).toEqual([]);
    });

    rpcTest('gets its own reply among 200 concurrent ones', url, async (rpc) => {
      await rpc.serve(echo);
      const client = rpc.client();
      const numbers = Array.from({ length: 200 }, (_, index) => index);
      const results = await Promise.all(numbers.map((value) => client.call(CTXT, 'echo', { value })));
      expect(results).toEqual(numbers);
    });

    rpcTest('is not held up by a slow one', url, async (rpc) => {
      const gate = new Gate();
      await rpc.serve({ ...echo, slow: () => gate.opened.then(() => 'slow') });
      const client = rpc.client();
      const slow = client.call(CTXT, 'slow', {});
      expect(await client.call(CTXT, 'echo', { value: 'quick' })).toBe('quick');
      gate.open();
      expect(await slow).toBe('slow');
    });

    rpcTest('times out, and its late reply disturbs no other', url, async (rpc) => {
      const gate = new Gate();
      await rpc.serve({ ...echo, slow: () => gate.opened.then(() => 'late') });
      const client = rpc.client();
      await expect(client.prepare({ timeout: 0.2 }).call(CTXT, 'slow', {})).rejects.toThrow(MessagingTimeout);
      gate.open();
      expect(await client.call(CTXT, 'echo', { value: 'next' })).toBe('next');
    });

    rpcTest("waits for the transport's timeout when it has none of its own", url, async (rpc) => {
      const gate = new Gate();
      await rpc.serve({ slow: () => gate.opened });
      const client = rpc.client({ timeout: null, transport: rpc.transport({ rpcResponseTimeout: 0.2 }) });
      await expect(client.call(CTXT, 'slow', {})).rejects.toMatchObject({ code: 'MESSAGING_TIMEOUT' });
      gate.open();
    });

    rpcTest('is seen by the hooks of both ends', url, async (rpc) => {
      const events: RpcEvent[] = [];
      const hooks = [{ onRpc: (event: RpcEvent) => void events.push(event) }];
      await rpc.serve(echo, { transport: rpc.transport({ name: 'server', hooks }) });
      const client = rpc.client({ transport: rpc.transport({ name: 'client', hooks }) });
      await client.call(CTXT, 'echo', { value: 1 });
      await expect(client.call(CTXT, 'absent', {})).rejects.toThrow();
      await vi.waitFor(() => expect(events).toHaveLength(4));
      for (const side of ['server', 'client'] as const) {
        expect(events.filter((event) => event.side === side)).toMatchObject([
          { method: 'echo', kind: 'call', transportName: side, ctxt: CTXT, duration: expect.any(Number) },
          { method: 'absent', kind: 'call', transportName: side, error: { code: 'NO_SUCH_METHOD' } },
        ]);
      }
    });
  });
}
