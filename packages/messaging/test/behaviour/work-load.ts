import { describe, expect, vi } from 'vitest';
import type { RpcRequest, TransportEvent } from '../../index.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** A method that runs until the gate opens, and counts how many do. */
function crowd() {
  const gate = new Gate();
  const counts = { running: 0, most: 0, ran: 0 };
  const enter = async () => {
    counts.running += 1;
    counts.most = Math.max(counts.most, counts.running);
    await gate.opened;
    counts.running -= 1;
    counts.ran += 1;
  };
  return { gate, counts, endpoint: { enter, ping: () => 'pong' } };
}

/** A method that fails the first times, and notes each attempt. */
function failing(failures: number) {
  const attempts: number[] = [];
  const work = (_ctxt: object, _args: object, { attempt }: RpcRequest) => {
    attempts.push(attempt);
    if (attempts.length <= failures) throw new Error('the disk is full');
  };
  return { attempts, endpoint: { work, ping: () => 'pong' } };
}

export function describeWorkLoad(url: UrlFactory): void {
  describe('prefetch', () => {
    rpcTest('bounds what runs at once, and the rest has its turn', url, async (rpc) => {
      const { gate, counts, endpoint } = crowd();
      await rpc.serve(endpoint, { prefetch: 3 });
      const client = rpc.client();
      const calls = Array.from({ length: 10 }, () => client.call(CTXT, 'enter', {}));
      await client.cast(CTXT, 'enter', {});
      await client.prepare({ fanout: true }).cast(CTXT, 'enter', {});
      await vi.waitFor(() => expect(counts.running).toBe(3));
      gate.open();
      await Promise.all(calls);
      await vi.waitFor(() => expect(counts.ran).toBe(12));
      expect(counts.most).toBe(3);
    });

    rpcTest('of 0 is no limit', url, async (rpc) => {
      const { gate, counts, endpoint } = crowd();
      await rpc.serve(endpoint, { prefetch: 0 });
      const client = rpc.client();
      const calls = Array.from({ length: 100 }, () => client.call(CTXT, 'enter', {}));
      await vi.waitFor(() => expect(counts.running).toBe(100));
      gate.open();
      await Promise.all(calls);
    });
  });

  describe('acknowledging after the work', () => {
    rpcTest('tries a cast that failed again', url, async (rpc) => {
      const { attempts, endpoint } = failing(2);
      await rpc.serve(endpoint, { ackPolicy: 'after' });
      const client = rpc.client();
      await client.cast(CTXT, 'work', {});
      await vi.waitFor(() => expect(attempts).toEqual([1, 2, 3]));
      expect(await client.call(CTXT, 'ping', {})).toBe('pong');
      expect(attempts).toHaveLength(3);
    });

    rpcTest('makes a dead letter of a cast that fails too often, and serves on', url, async (rpc) => {
      const events: TransportEvent[] = [];
      const hooks = [{ onTransportEvent: (event: TransportEvent) => void events.push(event) }];
      const { attempts, endpoint } = failing(100);
      const transport = rpc.transport({ hooks });
      await rpc.serve(endpoint, { transport, ackPolicy: 'after', deliveryLimit: 2 });
      const client = rpc.client();
      await client.cast(CTXT, 'work', {});
      const dead = () => events.filter(({ type }) => type === 'dead_lettered');
      await vi.waitFor(() => expect(dead()).toHaveLength(1));
      expect(attempts).toEqual([1, 2]);
      expect(await client.call(CTXT, 'ping', {})).toBe('pong');
    });

    rpcTest('answers a call that failed, once', url, async (rpc) => {
      const { attempts, endpoint } = failing(1);
      await rpc.serve(endpoint, { ackPolicy: 'after' });
      const client = rpc.client();
      await expect(client.call(CTXT, 'work', {})).rejects.toMatchObject({ value: 'the disk is full' });
      expect(await client.call(CTXT, 'work', {})).toBeNull();
      expect(attempts).toEqual([1, 1]);
    });

    rpcTest('lets others run while a cast waits for its next attempt', url, async (rpc) => {
      const gate = new Gate();
      const attempts: number[] = [];
      /** How many attempts there had been at each ping. */
      const order: number[] = [];
      const endpoint = {
        async work(_ctxt: object, _args: object, { attempt }: RpcRequest) {
          attempts.push(attempt);
          if (attempt === 5) await gate.opened;
          if (attempt <= 5) throw new Error('the disk is full');
        },
        ping: () => {
          order.push(attempts.length);
          return 'pong';
        },
      };
      const server = await rpc.serve(endpoint, { ackPolicy: 'after', prefetch: 1, deliveryLimit: 10 });
      const client = rpc.client();
      await client.cast(CTXT, 'work', {});
      await vi.waitFor(() => expect(attempts).toHaveLength(5));
      // To another of the server's queues: it is delivered, and waits there.
      const context = client.prepare({ server: server.target.server ?? null });
      const waiting = context.call(CTXT, 'ping', {});
      await client.prepare({ server: 'host1' }).cast(CTXT, 'ping', {});
      gate.open();
      expect(await waiting).toBe('pong');
      // The next attempt comes after 1.6 s.
      expect(order[0]).toBe(5);
      await vi.waitFor(() => expect(attempts).toHaveLength(6));
    });

    // With `before`, RabbitMQ sends a busy server one request ahead.
    rpcTest('leaves to other servers what a busy one cannot take', url, async (rpc) => {
      const { gate, counts, endpoint } = crowd();
      await rpc.serve(endpoint, { ackPolicy: 'after', prefetch: 1, server: 'host1' });
      const client = rpc.client();
      const stuck = client.call(CTXT, 'enter', {});
      await vi.waitFor(() => expect(counts.running).toBe(1));
      await rpc.serve({ ping: () => 'pong', enter: () => 'free' }, { prefetch: 1, server: 'host2' });
      for (let count = 0; count < 4; count += 1) expect(await client.call(CTXT, 'enter', {})).toBe('free');
      gate.open();
      await stuck;
    });

    rpcTest('keeps to the prefetch, also when nothing fails', url, async (rpc) => {
      const { gate, counts, endpoint } = crowd();
      await rpc.serve(endpoint, { ackPolicy: 'after', prefetch: 2 });
      const client = rpc.client();
      for (let count = 0; count < 5; count += 1) await client.cast(CTXT, 'enter', {});
      await vi.waitFor(() => expect(counts.running).toBe(2));
      gate.open();
      await vi.waitFor(() => expect(counts.ran).toBe(5));
      expect(counts.most).toBe(2);
    });
  });
}
