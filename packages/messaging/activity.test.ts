import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Target } from './target.ts';
import { Gate, RpcFixture } from './test/rpc-fixture.ts';
import type { Transport } from './transport.ts';

let rpc: RpcFixture;
let transport: Transport;

beforeEach(() => {
  rpc = new RpcFixture(`memory://${randomUUID()}/`);
  transport = rpc.transport();
});
afterEach(() => rpc.close());

/** An endpoint whose methods run until the gate is opened. */
function slow() {
  const gate = new Gate();
  return {
    gate,
    work: () => gate.opened,
    async *count() {
      yield 1;
      await gate.opened;
    },
    fail: () => {
      throw new Error('it fails');
    },
  };
}

describe('calling', () => {
  test('lists what waits, oldest first, and forgets what has ended', async () => {
    const endpoint = slow();
    await rpc.serve(endpoint);
    const client = rpc.client({ transport });
    const call = client.call({ request_id: 'req-7' }, 'work', {});
    const numbers = client.prepare({ timeout: 5 }).multicall({}, 'count', {});
    await numbers.next();
    const [first, second, ...others] = transport.activity.calling;
    expect(others).toEqual([]);
    expect(first).toMatchObject({ kind: 'call', method: 'work', requestId: 'req-7', timeout: 60 });
    expect(first?.target).toEqual(new Target({ topic: rpc.topic }));
    expect(second).toMatchObject({ kind: 'call', method: 'count', requestId: null, timeout: 5 });
    expect(Math.abs((first?.startedAt ?? 0) - Date.now())).toBeLessThan(300_000);
    expect(first?.elapsed).toBeGreaterThanOrEqual(second?.elapsed ?? Number.NaN);
    endpoint.gate.open();
    await call;
    await numbers.next();
    expect(transport.activity.calling).toEqual([]);
  });

  test('has casts and fanouts until the transport has taken them', async () => {
    const client = rpc.client({ transport });
    const sent = [
      client.cast({ request_id: 'req-8' }, 'note', {}),
      client.prepare({ fanout: true }).cast({}, 'note', {}),
    ];
    expect(transport.activity.calling).toMatchObject([
      { kind: 'cast', method: 'note', requestId: 'req-8', timeout: null },
      { kind: 'fanout', requestId: null, timeout: null },
    ]);
    await Promise.all(sent);
    expect(transport.activity.calling).toEqual([]);
  });

  test('forgets what fails', async () => {
    const client = rpc.client({ transport });
    await expect(client.call({}, 'work', {})).rejects.toMatchObject({ code: 'MESSAGE_UNDELIVERABLE' });
    await rpc.serve(slow());
    await expect(client.call({}, 'fail', {})).rejects.toThrow('it fails');
    await expect(client.prepare({ timeout: 0.05 }).call({}, 'work', {})).rejects.toMatchObject({
      code: 'MESSAGING_TIMEOUT',
    });
    const numbers = client.multicall({}, 'count', {});
    await numbers.next();
    await numbers.return();
    await vi.waitFor(() => expect(transport.activity.calling).toEqual([]));
  });
});

test('serving lists what all servers of the transport run, and each server its own', async () => {
  const endpoint = slow();
  const one = await rpc.serve(endpoint, { transport });
  const two = await rpc.serve(endpoint, { transport, server: 'host2' });
  const client = rpc.client();
  await client.prepare({ server: 'host2' }).cast({ request_id: 'req-1' }, 'work', {});
  await vi.waitFor(() => expect(transport.activity.serving).toHaveLength(1));
  const call = client.prepare({ server: 'host1' }).call({ request_id: 'req-2' }, 'work', {});
  await vi.waitFor(() => expect(transport.activity.serving).toHaveLength(2));
  expect(transport.activity.serving).toMatchObject([
    { kind: 'cast', method: 'work', requestId: 'req-1', target: { topic: rpc.topic, server: 'host2' } },
    { kind: 'call', method: 'work', requestId: 'req-2', target: { topic: rpc.topic, server: 'host1' } },
  ]);
  expect(one.running).toMatchObject([{ requestId: 'req-2' }]);
  expect(two.running).toMatchObject([{ requestId: 'req-1' }]);
  two.cut();
  expect(transport.activity.serving).toMatchObject([{ requestId: 'req-2' }]);
  endpoint.gate.open();
  await call;
  expect(transport.activity.serving).toEqual([]);
});
