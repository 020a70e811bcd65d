import { RPCClient, Target, type Transport } from '@mini-nova/messaging';
import { getNotificationListener } from '@mini-nova/messaging/notifications';
import { type PrivateRabbit, startRabbit, uniqueTopic } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';

const rabbit = { rabbitRetryInterval: 0.2, rabbitRetryBackoff: 0 };

let broker: PrivateRabbit;
let rpc: RpcFixture;
let name: string;
let transport: Transport;

beforeAll(async () => {
  broker = await startRabbit();
});
afterAll(() => broker.close());
beforeEach(() => {
  rpc = new RpcFixture(broker.url);
  name = uniqueTopic('ready');
  transport = rpc.transport({ name, rabbit });
});
afterEach(() => rpc.close());

const connections = async () =>
  (await broker.listConnections()).filter((connection) => connection.name.startsWith(name));

test('an unused transport connects once, and that connection is then used', async () => {
  await transport.ready({ timeout: 60 });
  await transport.ready({ timeout: 60 });
  // The broker's list lags.
  await vi.waitFor(async () => expect(await connections()).toHaveLength(1));
  await rpc.serve({ ping: () => 'pong' });
  const client = new RPCClient(transport, new Target({ topic: rpc.topic }));
  expect(await client.call(CTXT, 'ping', {})).toBe('pong');
  expect(await connections()).toHaveLength(1);
});

test('a transport is not ready while its broker is away, and again when it is back', async () => {
  await rpc.serve({ ping: () => 'pong' }, { transport });
  const listener = getNotificationListener(transport, [new Target({ topic: rpc.topic })], [{ info() {} }]);
  await listener.start();
  await transport.ready({ timeout: 60 });
  await broker.stop();
  try {
    await vi.waitFor(() => expect(transport.ready({ timeout: 0.5 })).rejects.toThrow('Unable to reach'));
    await expect(transport.ready({ timeout: 0.5 })).rejects.toMatchObject({
      code: 'MESSAGE_DELIVERY_FAILURE',
      message: expect.stringMatching(/not ready within 0.5 s: Unable to reach RabbitMQ: \S/),
    });
    const waiting = transport.ready({ timeout: 250 });
    await broker.start();
    await waiting;
  } finally {
    await broker.start();
  }
  // The servers' consumers are there again: nothing waits in a queue that nobody consumes.
  const consumers = (await broker.listQueues()).filter((queue) => queue.name.startsWith(rpc.topic));
  expect(consumers.filter((queue) => queue.consumers === 0)).toEqual([]);
  expect(await rpc.client({ transport }).call(CTXT, 'ping', {})).toBe('pong');
  await listener.stop();
});

test('a transport whose server may not consume its queues is not ready, and says why', async () => {
  const server = await rpc.serve({ ping: () => 'pong' }, { transport });
  const user = new URL(broker.url.replace(/^rabbit:/, 'http:')).username;
  const permit = (configure: string) =>
    broker.rabbitmqctl('set_permissions', '-p', '/', user, configure, '.*', '.*');
  await permit('^$');
  try {
    await broker.closeConnections();
    await vi.waitFor(() =>
      expect(transport.ready({ timeout: 0.5 })).rejects.toThrow(
        new RegExp(`queues of .*${rpc.topic}.host1 are not consumed: .*ACCESS_REFUSED`, 'i'),
      ),
    );
    const waiting = transport.ready({ timeout: 250 });
    await permit('.*');
    await waiting;
    expect(await rpc.client({ transport }).call(CTXT, 'ping', {})).toBe('pong');
    await permit('^$');
    await broker.closeConnections();
    await vi.waitFor(() => expect(transport.ready({ timeout: 0.5 })).rejects.toThrow('ACCESS_REFUSED'));
    await server.stop();
    // A server that has stopped is not waited for.
    await transport.ready({ timeout: 60 });
  } finally {
    await permit('.*');
  }
});
