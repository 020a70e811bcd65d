import { describe, expect, vi } from 'vitest';
import { MessageDeliveryFailure } from '../../index.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

export function describeLifeCycle(url: UrlFactory): void {
  describe('a server', () => {
    rpcTest('that stops answers what it has begun, and wait resolves after that', url, async (rpc) => {
      const [started, finish] = [new Gate(), new Gate()];
      const server = await rpc.serve({
        slow: async () => {
          started.open();
          await finish.opened;
          return 'done';
        },
      });
      const call = rpc.client().call(CTXT, 'slow', {});
      await started.opened;
      await server.stop();
      let waited = false;
      const wait = server.wait().then(() => {
        waited = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(waited).toBe(false);
      finish.open();
      await wait;
      expect(await call).toBe('done');
    });

    rpcTest('that has stopped takes nothing new, and serves again once started', url, async (rpc) => {
      let runs = 0;
      const server = await rpc.serve({ count: () => ++runs });
      const client = rpc.client();
      expect(await client.call(CTXT, 'count', {})).toBe(1);
      await server.stop();
      await expect(client.prepare({ timeout: 0.3 }).call(CTXT, 'count', {})).rejects.toThrow();
      expect(runs).toBe(1);
      await server.start();
      expect(await client.call(CTXT, 'count', {})).toBe(2);
    });

    rpcTest('leaves the topic to the others when it stops', url, async (rpc) => {
      const leaving = await rpc.serve({ name: () => 'leaving' }, { server: 'host1' });
      await rpc.serve({ name: () => 'staying' }, { server: 'host2' });
      await leaving.stop();
      const client = rpc.client();
      for (let count = 0; count < 4; count += 1) {
        expect(await client.call(CTXT, 'name', {})).toBe('staying');
      }
    });

    rpcTest('starts, stops and waits as often as it is told', url, async (rpc) => {
      const server = await rpc.serve({ ping: () => 'pong' });
      await Promise.all([server.start(), server.start()]);
      expect(await rpc.client().call(CTXT, 'ping', {})).toBe('pong');
      await Promise.all([server.stop(), server.stop(), server.wait(), server.wait()]);
      await server.stop();
      await server.wait();
    });
  });

  describe('a transport', () => {
    rpcTest('that closes fails pending calls at once', url, async (rpc) => {
      const [started, finish] = [new Gate(), new Gate()];
      await rpc.serve({
        slow: async () => {
          started.open();
          await finish.opened;
        },
      });
      const transport = rpc.transport();
      const outcome = rpc
        .client({ transport })
        .call(CTXT, 'slow', {})
        .catch((error: unknown) => error);
      await started.opened;
      await transport.close();
      expect(await outcome).toBeInstanceOf(MessageDeliveryFailure);
      finish.open();
    });

    rpcTest('that is closed sends and serves nothing, and can be closed again', url, async (rpc) => {
      const transport = rpc.transport();
      await transport.close();
      await transport.close();
      const client = rpc.client({ transport });
      await expect(client.call(CTXT, 'ping', {})).rejects.toThrow(MessageDeliveryFailure);
      await expect(client.cast(CTXT, 'ping', {})).rejects.toThrow(MessageDeliveryFailure);
      await expect(rpc.serve({}, { transport })).rejects.toThrow(MessageDeliveryFailure);
    });

    rpcTest('that is gone stops its servers', url, async (rpc) => {
      const transport = rpc.transport();
      await rpc.serve({ name: () => 'gone' }, { server: 'host1', transport });
      await rpc.serve({ name: () => 'there' }, { server: 'host2' });
      await transport.close();
      const client = rpc.client();
      await vi.waitFor(async () => expect(await client.call(CTXT, 'name', {})).toBe('there'));
      expect(await client.call(CTXT, 'name', {})).toBe('there');
    });

    rpcTest('is ready once it is connected, until it is closed', url, async (rpc) => {
      const transport = rpc.transport();
      const patient = { timeout: 60 };
      await Promise.all([transport.ready(patient), transport.ready(patient)]);
      await rpc.serve({ ping: () => 'pong' }, { transport });
      await transport.ready(patient);
      expect(await rpc.client({ transport }).call(CTXT, 'ping', {})).toBe('pong');
      await transport.close();
      await expect(transport.ready()).rejects.toThrow(MessageDeliveryFailure);
    });

    rpcTest('shows what its clients wait for, and what its servers run', url, async (rpc) => {
      const transport = rpc.transport();
      const [started, finish] = [new Gate(), new Gate()];
      const slow = async () => {
        started.open();
        await finish.opened;
      };
      await rpc.serve({ slow }, { transport });
      const call = rpc.client({ transport }).call(CTXT, 'slow', {});
      await started.opened;
      expect(transport.activity.calling).toMatchObject([
        { kind: 'call', method: 'slow', requestId: 'req-1', timeout: 60 },
      ]);
      expect(transport.activity.serving).toMatchObject([
        { kind: 'call', method: 'slow', requestId: 'req-1', target: { server: 'host1' } },
      ]);
      finish.open();
      await call;
      expect([transport.activity.calling, transport.activity.serving]).toEqual([[], []]);
    });
  });
}
