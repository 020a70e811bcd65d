import { describe, expect, vi } from 'vitest';
import { type RPCServer, type RpcRequest, ServerLost } from '../../index.ts';
import { callUntilBegun } from '../call-until-begun.ts';
import { CTXT, Gate, type RpcFixture } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** An endpoint that hangs, whatever its signals say, until the gate is opened. */
function hanging() {
  const gate = new Gate();
  const endpoint = {
    gate,
    requests: [] as RpcRequest[],
    async hang(_ctxt: object, _args: object, request: RpcRequest) {
      endpoint.requests.push(request);
      await gate.opened;
      return 'too late';
    },
    async *count(_ctxt: object, _args: object, request: RpcRequest) {
      endpoint.requests.push(request);
      yield 1;
      yield 2;
      await gate.opened;
    },
  };
  return endpoint;
}

/** An endpoint that does at once what the hanging one would have done. */
function quick() {
  const endpoint = {
    attempts: [] as number[],
    hang(_ctxt: object, _args: object, { attempt }: RpcRequest) {
      endpoint.attempts.push(attempt);
      return 'done elsewhere';
    },
    async *count() {
      for (let number = 1; number <= 4; number += 1) yield number;
    },
  };
  return endpoint;
}

const outcomeOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

async function serveHanging(rpc: RpcFixture, options: object = {}) {
  const endpoint = hanging();
  const server = await rpc.serve(endpoint, options);
  const started = (count = 1) => vi.waitFor(() => expect(endpoint.requests).toHaveLength(count));
  return { endpoint, server, started };
}

async function readAll(results: AsyncIterable<unknown>) {
  const read: unknown[] = [];
  try {
    for await (const result of results) read.push(result);
    return { read };
  } catch (error) {
    return { read, error };
  }
}

/** With ackPolicy `after`: what the server gives up, and nobody waits for, is not delivered to another one. */
async function expectLetGo(rpc: RpcFixture, server: RPCServer): Promise<void> {
  const other = quick();
  await rpc.serve(other, { ackPolicy: 'after', server: 'host2' });
  expect(server.cut()).toHaveLength(1);
  await server.stop();
  await server.wait();
  expect(await rpc.client().call(CTXT, 'hang', {})).toBe('done elsewhere');
  expect(other.attempts).toEqual([1]);
}

export function describeCutting(url: UrlFactory): void {
  describe('a server that gives up what runs', () => {
    rpcTest('answers its calls with ServerLost at once, and only once', url, async (rpc) => {
      const { endpoint, server, started } = await serveHanging(rpc);
      const client = rpc.client();
      const outcome = outcomeOf(client.call(CTXT, 'hang', {}));
      await started();
      await server.stop();
      expect(server.running).toMatchObject([{ kind: 'call', method: 'hang', requestId: 'req-1' }]);
      expect(server.cut()).toHaveLength(1);
      expect(server.running).toEqual([]);
      await server.wait();
      const error = await outcome;
      expect(error).toBeInstanceOf(ServerLost);
      expect((error as Error).message).toMatch(/host1 is stopping .*may have run in part/);
      expect(endpoint.requests[0]?.signal.reason).toBeInstanceOf(ServerLost);
      endpoint.gate.open();
    });

    rpcTest('gives up its casts, and serves what comes later', url, async (rpc) => {
      const { endpoint, server, started } = await serveHanging(rpc, { prefetch: 1 });
      const client = rpc.client();
      await client.cast(CTXT, 'hang', {});
      await started();
      expect(server.cut()).toMatchObject([{ kind: 'cast' }]);
      endpoint.gate.open();
      expect(await client.call(CTXT, 'hang', {})).toBe('too late');
      expect(endpoint.requests.map(({ attempt }) => attempt)).toEqual([1, 1]);
    });

    rpcTest('ends its multicalls with ServerLost, after the results that they had', url, async (rpc) => {
      const { endpoint, server } = await serveHanging(rpc);
      const numbers = rpc.client().multicall(CTXT, 'count', {});
      expect([await numbers.next(), await numbers.next()]).toMatchObject([{ value: 1 }, { value: 2 }]);
      server.cut();
      expect(await readAll(numbers)).toMatchObject({ read: [], error: { code: 'SERVER_LOST' } });
      endpoint.gate.open();
    });
  });

  describe("a server with ackPolicy 'after' that gives up what runs", () => {
    const ackPolicy = 'after';

    rpcTest('leaves its calls to another, whose answer is the only one', url, async (rpc) => {
      const transport = rpc.transport();
      const { endpoint, server, started } = await serveHanging(rpc, { ackPolicy, transport });
      const answers = vi.fn();
      // For a while, nobody consumes the queue.
      const client = rpc.client({ callMonitorTimeout: null });
      const call = client.call(CTXT, 'hang', {}).finally(answers);
      await started();
      await server.stop();
      expect(server.cut()).toHaveLength(1);
      await server.wait();
      endpoint.gate.open();
      await transport.close();
      const other = quick();
      await rpc.serve(other, { ackPolicy, server: 'host2' });
      expect(await call).toBe('done elsewhere');
      expect(answers).toHaveBeenCalledOnce();
      expect(other.attempts).toEqual([2]);
      expect(endpoint.requests[0]?.signal.reason).toBeInstanceOf(ServerLost);
    });

    rpcTest('leaves its casts to another', url, async (rpc) => {
      const { server, started } = await serveHanging(rpc, { ackPolicy });
      const client = rpc.client();
      for (let count = 0; count < 3; count += 1) await client.cast(CTXT, 'hang', {});
      await started(3);
      const other = quick();
      await rpc.serve(other, { ackPolicy, server: 'host2' });
      await server.stop();
      expect(server.cut()).toHaveLength(3);
      await server.wait();
      await vi.waitFor(() => expect(other.attempts).toEqual([2, 2, 2]));
    });

    rpcTest('leaves its multicalls to another, and no result comes twice', url, async (rpc) => {
      const { server } = await serveHanging(rpc, { ackPolicy });
      const numbers = rpc.client().multicall(CTXT, 'count', {});
      expect([await numbers.next(), await numbers.next()]).toMatchObject([{ value: 1 }, { value: 2 }]);
      await rpc.serve(quick(), { ackPolicy, server: 'host2' });
      await server.stop();
      server.cut();
      expect(await readAll(numbers)).toEqual({ read: [3, 4] });
    });

    rpcTest('tries them again itself, when it goes on', url, async (rpc) => {
      const { endpoint, server, started } = await serveHanging(rpc, { ackPolicy, prefetch: 1 });
      const call = rpc.client().call(CTXT, 'hang', {});
      await started();
      server.cut();
      await started(2);
      expect(endpoint.requests[1]?.attempt).toBe(2);
      expect(endpoint.requests[1]?.signal.aborted).toBe(false);
      endpoint.gate.open();
      expect(await call).toBe('too late');
    });

    rpcTest('answers a call that was tried often enough with ServerLost', url, async (rpc) => {
      const { server, started } = await serveHanging(rpc, { ackPolicy, deliveryLimit: 2 });
      const outcome = outcomeOf(rpc.client().call(CTXT, 'hang', {}));
      await started();
      server.cut();
      await started(2);
      expect(server.cut()).toHaveLength(1);
      expect(await outcome).toBeInstanceOf(ServerLost);
    });

    rpcTest('lets a call go whose caller has cancelled', url, async (rpc) => {
      const { endpoint, server, started } = await serveHanging(rpc, { ackPolicy });
      const controller = new AbortController();
      // Its signs of life tell the caller whom to tell.
      const client = rpc.client({ signal: controller.signal, callMonitorTimeout: 0.4 });
      const outcome = outcomeOf(client.call(CTXT, 'hang', {}));
      await started();
      await vi.waitFor(() => {
        controller.abort();
        expect(endpoint.requests[0]?.signal.aborted).toBe(true);
      });
      expect(await outcome).toMatchObject({ code: 'CALL_CANCELLED' });
      await expectLetGo(rpc, server);
    });

    rpcTest('lets a call go whose caller has given up', url, async (rpc) => {
      const { endpoint, server } = await serveHanging(rpc, { ackPolicy });
      const client = rpc.client();
      await callUntilBegun(
        (timeout) => client.prepare({ timeout }).call(CTXT, 'hang', {}),
        () => endpoint.requests.length > 0,
      );
      const deadline = endpoint.requests[0]?.deadline ?? Number.NaN;
      await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(deadline));
      await expectLetGo(rpc, server);
    });
  });
}
