import { setTimeout as sleep } from 'node:timers/promises';
import { getRabbit } from '@mini-nova/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, Gate, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { TcpProxy } from './support/tcp-proxy.ts';

const rabbit = { rabbitRetryInterval: 0.1, rabbitRetryBackoff: 0, heartbeatTimeoutThreshold: 1 };

let proxy: TcpProxy;
/** Straight to the broker. */
let rpc: RpcFixture;
/** By way of the proxy. */
let far: RpcFixture;

beforeEach(async () => {
  const { url } = await getRabbit();
  proxy = await TcpProxy.to(Number(new URL(url).port || 5672));
  const proxied = new URL(url);
  proxied.host = `127.0.0.1:${proxy.port}`;
  rpc = new RpcFixture(url);
  far = new RpcFixture(proxied.href);
});
afterEach(async () => {
  await far.close();
  await rpc.close();
  await proxy.close();
});

function notebook(): { notes: unknown[]; note(ctxt: object, args: { value: unknown }): void } {
  const notes: unknown[] = [];
  return { notes, note: (_ctxt, { value }) => void notes.push(value) };
}

const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };
const farClient = (logger = new RecordingLogger()) =>
  far.client({ transport: far.transport({ rabbit, logger }), target: { topic: rpc.topic } });

describe('a network that breaks', () => {
  test('before the confirmation of a cast: it is sent again, and runs once', async () => {
    const endpoint = notebook();
    await rpc.serve(endpoint);
    const client = farClient();
    await client.cast(CTXT, 'note', { value: 'warm' });
    proxy.swallow({ fromBroker: true });
    let confirmed = false;
    const cast = client.cast(CTXT, 'note', { value: 'unconfirmed' }).then(() => {
      confirmed = true;
    });
    await vi.waitFor(() => expect(endpoint.notes).toEqual(['warm', 'unconfirmed']));
    expect(confirmed).toBe(false);
    proxy.reset();
    await cast;
    await client.cast(CTXT, 'note', { value: 'last' });
    await vi.waitFor(() => expect(endpoint.notes).toEqual(['warm', 'unconfirmed', 'last']));
  });

  test('before the acknowledgement of a request: it is delivered again, and runs once', async () => {
    const endpoint = notebook();
    const transport = far.transport({ rabbit });
    await rpc.serve(endpoint, { transport });
    const client = rpc.client();
    proxy.swallow({ fromClient: true });
    await client.cast(CTXT, 'note', { value: 'unacknowledged' });
    await vi.waitFor(() => expect(endpoint.notes).toHaveLength(1));
    proxy.reset();
    await client.cast(CTXT, 'note', { value: 'last' });
    await vi.waitFor(() => expect(endpoint.notes).toContain('last'), 5000);
    expect(endpoint.notes).toEqual(['unacknowledged', 'last']);
  });

  test('before the reply: the call gets it by the next connection', async () => {
    const [started, finish] = [new Gate(), new Gate()];
    await rpc.serve({
      slow: async () => {
        started.open();
        await finish.opened;
        return 'kept';
      },
    });
    const call = farClient().call(CTXT, 'slow', {});
    await started.opened;
    proxy.swallow({ fromBroker: true });
    finish.open();
    // The reply is on its way, and lost.
    await sleep(200);
    proxy.reset();
    expect(await call).toBe('kept');
  });
});

describe('a network that falls silent', () => {
  test('is noticed by the heartbeat, and the calls under way end well', async () => {
    await rpc.serve(echo);
    const logger = new RecordingLogger();
    const client = farClient(logger);
    await client.call(CTXT, 'echo', { value: 1 });
    proxy.swallow({ fromBroker: true, fromClient: true });
    const call = client.call(CTXT, 'echo', { value: 'through' });
    const lost = { message: 'connection to RabbitMQ lost', data: { reason: 'Heartbeat timeout' } };
    await vi.waitFor(() => expect(logger.at('warn')).toMatchObject([lost]), 5000);
    proxy.swallow({});
    proxy.reset();
    expect(await call).toBe('through');
  });

  test('does not keep a transport from closing', async () => {
    const transport = far.transport({ rabbit });
    await far.serve(echo, { transport });
    const client = far.client({ transport });
    await client.call(CTXT, 'echo', { value: 1 });
    proxy.swallow({ fromBroker: true, fromClient: true });
    const pending = client.cast(CTXT, 'note', {});
    const outcome = expect(pending).rejects.toMatchObject({ code: 'MESSAGE_DELIVERY_FAILURE' });
    const start = performance.now();
    await transport.close();
    expect(performance.now() - start).toBeLessThan(5000);
    await outcome;
  });

  test('while connecting does not keep a transport from closing either', async () => {
    proxy.swallow({ fromBroker: true, fromClient: true });
    const transport = far.transport({ rabbit });
    const call = far.client({ transport }).call(CTXT, 'echo', {});
    const outcome = expect(call).rejects.toMatchObject({ code: 'MESSAGE_DELIVERY_FAILURE' });
    await sleep(100);
    const start = performance.now();
    await transport.close();
    expect(performance.now() - start).toBeLessThan(1000);
    await outcome;
  });
});

test('a server that stops under load has run each message it took, and leaves the others', async () => {
  const [first, second] = [notebook(), notebook()];
  const server = await rpc.serve(first, { server: 'host1' });
  const client = rpc.client();
  const numbers = Array.from({ length: 3000 }, (_, index) => index);
  const casts = Promise.all(numbers.map((value) => client.cast(CTXT, 'note', { value })));
  await vi.waitFor(() => expect(first.notes.length).toBeGreaterThan(0));
  await server.stop();
  await server.wait();
  await casts;
  const taken = first.notes.length;
  await rpc.serve(second, { server: 'host2' });
  await vi.waitFor(() => expect(first.notes.length + second.notes.length).toBe(3000), 10_000);
  expect(first.notes).toHaveLength(taken);
  expect(new Set([...first.notes, ...second.notes]).size).toBe(3000);
});
