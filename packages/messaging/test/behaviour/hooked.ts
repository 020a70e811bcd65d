import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, vi } from 'vitest';
import type { IncomingRpc, OutgoingRpc, RpcHooks, TransportEvent } from '../../index.ts';
import { CTXT } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

const endpoint = {
  whoami: (ctxt: object) => ctxt,
  fail: () => {
    throw new RangeError('too many');
  },
};

export function describeHooks(url: UrlFactory): void {
  describe('hooks', () => {
    rpcTest('pass on what they add to the context, and see how it ends', url, async (rpc) => {
      const served: (IncomingRpc & { traceparent: unknown })[] = [];
      const sent: unknown[] = [];
      const tracing: RpcHooks = {
        async aroundSend(call: OutgoingRpc, next) {
          call.ctxt.traceparent = `span of ${call.method}`;
          await next().catch((error: unknown) => sent.push(error));
        },
        aroundServe(request: IncomingRpc, next) {
          served.push({ ...request, traceparent: request.ctxt.traceparent });
          delete request.ctxt.traceparent;
          return next();
        },
      };
      await rpc.serve(endpoint, { transport: rpc.transport({ hooks: [tracing] }) });
      const client = rpc.client({ transport: rpc.transport({ hooks: [tracing] }) });
      expect(await client.call(CTXT, 'whoami', {})).toEqual(CTXT);
      await expect(client.call(CTXT, 'fail', {})).rejects.toMatchObject({ value: 'too many' });
      expect(sent).toMatchObject([{ excType: 'ValueError' }]);
      expect(served).toMatchObject([
        { kind: 'call', method: 'whoami', traceparent: 'span of whoami', attempt: 1 },
        { kind: 'call', method: 'fail', traceparent: 'span of fail' },
      ]);
      expect(served[0]?.queueWait).toBeGreaterThanOrEqual(0);
    });

    rpcTest('that fail do not break the RPC', url, async (rpc) => {
      const broken: RpcHooks = {
        aroundSend: () => {
          throw new Error('hook bug');
        },
        aroundServe: () => Promise.reject(new Error('hook bug')),
        onTransportEvent: () => {
          throw new Error('hook bug');
        },
      };
      await rpc.serve(endpoint, { transport: rpc.transport({ hooks: [broken] }) });
      const client = rpc.client({ transport: rpc.transport({ hooks: [broken] }) });
      expect(await client.call(CTXT, 'whoami', {})).toEqual(CTXT);
      await client.cast(CTXT, 'whoami', {});
    });

    rpcTest('that add what cannot be sent fail the RPC, and nothing of it is left', url, async (rpc) => {
      const unhandled = vi.fn();
      process.on('unhandledRejection', unhandled);
      onTestFinished(() => void process.off('unhandledRejection', unhandled));
      const adding: RpcHooks = {
        aroundSend: (call, next) => {
          Object.assign(call.ctxt, { id: 1n });
          return next();
        },
      };
      const transport = rpc.transport({ hooks: [adding] });
      const client = rpc.client({ transport, failUndeliverable: false });
      await expect(client.call(CTXT, 'whoami', {})).rejects.toThrow('BigInt');
      await expect(client.cast(CTXT, 'whoami', {})).rejects.toThrow('BigInt');
      // A call that was left would fail here, and nobody waits for it.
      await transport.close();
      await nextTurn();
      expect(unhandled).not.toHaveBeenCalled();
    });

    rpcTest('are told of what happens to the transport', url, async (rpc) => {
      const events: string[] = [];
      const hooks = [{ onTransportEvent: ({ type }: TransportEvent) => void events.push(type) }];
      const client = rpc.client({ transport: rpc.transport({ hooks }) });
      await expect(client.call(CTXT, 'whoami', {})).rejects.toThrow();
      await vi.waitFor(() => expect(events).toEqual(expect.arrayContaining(['connected', 'returned'])));
    });
  });
}
