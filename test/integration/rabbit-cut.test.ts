import { type DeadLetters, deserializeFailure, ServerLost } from '@mini-nova/messaging';
import { uniqueTopic } from '@mini-nova/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { REPLY_GRACE } from '../../packages/messaging/rpc/server.ts';
import { CTXT, Gate, type RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { DURABLE_KINDS, lettersWhen, openDurableRpc } from './support/durable-rpc.ts';
import { elapsed } from './support/elapsed.ts';
import { rabbitTest } from './support/rabbit-test.ts';
import { opened, type RawPeer, sealed } from './support/raw-peer.ts';

/** An endpoint whose requests run until the gate opens; it notes which attempt of each has begun. */
function hanging() {
  const gate = new Gate();
  const endpoint = {
    gate,
    attempts: [] as number[],
    async hang(_ctxt: object, _args: object, { attempt }: { attempt: number }) {
      endpoint.attempts.push(attempt);
      await gate.opened;
      return 'too late';
    },
  };
  return endpoint;
}

rabbitTest(
  'a call that is cut has one reply on the wire, which has come when wait resolves',
  async (context) => {
    const { rpc, peer } = context;
    const endpoint = hanging();
    const transport = rpc.transport();
    const server = await rpc.serve(endpoint, { transport });
    const replyQueue = uniqueTopic('reply');
    await peer.channel.assertQueue(replyQueue, { durable: false });
    const fields = { _msg_id: 'call', _reply_q: replyQueue, _unique_id: uniqueTopic('id'), _timeout: null };
    peer.send('openstack', rpc.topic, sealed({ method: 'hang', args: {}, ...fields }));
    await vi.waitFor(() => expect(endpoint.attempts).toEqual([1]));
    await server.stop();
    server.cut();
    const { milliseconds } = await elapsed(() => server.wait());
    // It has a limit, which a busy broker may reach.
    if (milliseconds < REPLY_GRACE) expect((await peer.channel.checkQueue(replyQueue)).messageCount).toBe(1);
    endpoint.gate.open();
    await transport.close();
    const replies = await peer.receive(replyQueue);
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    const reply = opened(replies[0]);
    expect(reply).toMatchObject({ result: null, ending: true, _msg_id: 'call' });
    const failure = String(reply.failure);
    const message = 'The server host1 is stopping and has given up hang, which may have run in part';
    // What oslo.messaging makes its RemoteError of: the name, the message and the traceback.
    expect(JSON.parse(failure)).toMatchObject({
      class: 'ServerLost',
      module: 'mini_nova.messaging',
      message,
      args: [message],
      kwargs: {},
      tb: expect.arrayContaining([expect.any(String)]),
    });
    expect(deserializeFailure(failure)).toBeInstanceOf(ServerLost);
  },
);

rabbitTest('a thousand calls that are cut have a thousand answers', async ({ rpc }) => {
  const endpoint = hanging();
  const server = await rpc.serve(endpoint);
  const client = rpc.client();
  const outcomes = Array.from({ length: 1000 }, () =>
    client.call(CTXT, 'hang', {}).catch((error: unknown) => error),
  );
  await vi.waitFor(() => expect(server.running).toHaveLength(1000));
  await server.stop();
  expect(server.cut()).toHaveLength(1000);
  await server.wait();
  endpoint.gate.open();
  const errors = await Promise.all(outcomes);
  expect(errors.filter((error) => error instanceof ServerLost)).toHaveLength(1000);
});

describe.each(DURABLE_KINDS)("with ackPolicy 'after' and %s queues", (_kind, rabbit) => {
  let rpc: RpcFixture;
  let peer: RawPeer;
  let letters: DeadLetters;
  let controlExchange: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ rpc, letters, peer, controlExchange, close } = await openDurableRpc(rabbit));
  });
  afterEach(() => close());

  const transport = () => rpc.transport({ rabbit, controlExchange });
  const serve = (endpoint: object, options: object = {}) =>
    rpc.serve(endpoint, { transport: transport(), ackPolicy: 'after', deliveryLimit: 3, ...options });
  const client = () => rpc.client({ transport: transport() });
  const ready = async () => (await peer.channel.checkQueue(rpc.topic)).messageCount;

  test('what a server gives up when it stops is in its queue again, and runs as the next attempt', async () => {
    const first = hanging();
    const server = await serve(first);
    // Whichever server has it comes back, however late.
    const call = client().prepare({ callMonitorTimeout: null }).call(CTXT, 'hang', {});
    await client().cast(CTXT, 'hang', {});
    await vi.waitFor(() => expect(first.attempts).toEqual([1, 1]));
    await server.stop();
    expect(server.cut()).toHaveLength(2);
    await server.wait();
    first.gate.open();
    await vi.waitFor(async () => expect(await ready()).toBe(2));
    const second = hanging();
    second.gate.open();
    await serve(second, { server: 'host2' });
    expect(await call).toBe('too late');
    await vi.waitFor(() => expect(second.attempts).toEqual([2, 2]));
    await vi.waitFor(async () => expect(await ready()).toBe(0));
    expect(await letters.list()).toEqual([]);
  });

  test('what a server gave up before it stops is not lost either', async () => {
    const first = hanging();
    const server = await serve(first);
    for (let count = 0; count < 5; count += 1) await client().cast(CTXT, 'hang', {});
    await vi.waitFor(() => expect(first.attempts).toHaveLength(5));
    server.cut();
    await server.stop();
    await server.wait();
    await vi.waitFor(async () => expect(await ready()).toBe(5));
    const second = hanging();
    second.gate.open();
    await serve(second, { server: 'host2' });
    await vi.waitFor(() => expect(second.attempts).toEqual([2, 2, 2, 2, 2]));
  });

  test('a cast that is cut each time becomes a dead letter, and a call is answered', async () => {
    const endpoint = hanging();
    const server = await serve(endpoint, { deliveryLimit: 2 });
    await client().cast(CTXT, 'hang', {});
    const outcome = client()
      .call(CTXT, 'hang', {})
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(endpoint.attempts).toEqual([1, 1]));
    server.cut();
    await vi.waitFor(() => expect(endpoint.attempts).toEqual([1, 1, 2, 2]));
    server.cut();
    expect(await outcome).toBeInstanceOf(ServerLost);
    expect(await lettersWhen(letters, 1)).toMatchObject([
      { method: 'hang', attempts: 2, reason: expect.stringContaining('has given up hang') },
    ]);
    await vi.waitFor(async () => expect(await ready()).toBe(0));
  });
});
