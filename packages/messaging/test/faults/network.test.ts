import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { RabbitOptions, RPCClient, Transport } from '../../index.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { CTXT, RpcFixture } from '../rpc-fixture.ts';
import { faultBench } from './support/fault-bench.ts';
import { echo, numbers, Pulse, recovery, SlowMethod } from './support/server-queues.ts';
import { TcpProxy } from './support/tcp-proxy.ts';

const QUICK: RabbitOptions = { rabbitRetryInterval: 0.1, rabbitRetryBackoff: 0 };
const bench = faultBench();

let proxy: TcpProxy;
/** By way of the proxy; the bench's own ends go straight to the broker. */
let far: RpcFixture;

beforeEach(async () => {
  const { broker } = bench();
  proxy = await TcpProxy.to(broker.port);
  far = new RpcFixture(broker.url.replace(String(broker.port), String(proxy.port)));
  bench().onClose(async () => {
    await far.close();
    await proxy.close();
  });
});

interface FarOptions {
  /** Seconds. By default it notices nothing within a test. */
  heartbeat?: number;
  logger?: RecordingLogger;
}

function farTransport({ heartbeat = 120, logger = new RecordingLogger() }: FarOptions = {}): Transport {
  return far.transport({ logger, rabbit: { ...QUICK, heartbeatTimeoutThreshold: heartbeat } });
}

function farClient(options?: FarOptions): RPCClient {
  return far.client({ transport: farTransport(options), target: { topic: bench().topic } });
}

function farServe(endpoint: object, options?: FarOptions) {
  return far.serve(endpoint, { topic: bench().topic, transport: farTransport(options) });
}

describe('a network that breaks', () => {
  test('before the confirmation of casts: they are sent again, and each runs once', async () => {
    const { ledger } = bench();
    await bench().serve(ledger.notebook);
    const client = farClient();
    await ledger.cast(client, 'warm');
    proxy.swallow({ fromBroker: true });
    let confirmed = 0;
    // Far more than the 16 ids that oslo.messaging remembers.
    const casts = numbers(2000).map(async (value) => {
      await ledger.cast(client, value);
      confirmed += 1;
    });
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(2001));
    expect(confirmed).toBe(0);
    proxy.reset();
    await Promise.all(casts);
    await ledger.cast(client, 'last');
    await vi.waitFor(() => expect(ledger.noted).toContain('last'));
    expect(ledger.repeated).toBe(0);
  });

  test('before the acknowledgement of requests: they are delivered again, and each runs once', async () => {
    const { ledger } = bench();
    const pulse = new Pulse();
    await farServe({ ...echo, ...pulse.endpoint, ...ledger.notebook });
    const client = bench().client();
    await ledger.cast(client, 'warm');
    await vi.waitFor(() => expect(ledger.noted).toEqual(['warm']));
    proxy.swallow({ fromClient: true });
    await Promise.all(numbers(200).map((value) => ledger.cast(client, value)));
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(201));
    proxy.reset();
    await ledger.cast(client, 'last');
    await vi.waitFor(() => expect(ledger.noted).toContain('last'));
    await recovery(bench(), pulse);
    expect(ledger.repeated).toBe(0);
  });

  test('before the reply: the call gets it by the next connection', async () => {
    const { ledger } = bench();
    const slow = new SlowMethod();
    await bench().serve(slow.endpoint);
    const call = ledger.call(farClient(), 'slow', { value: 'kept' });
    await vi.waitFor(() => expect(slow.running).toBe(1));
    proxy.swallow({ fromBroker: true });
    slow.finish.open();
    // The reply is on its way, and lost.
    await sleep(200);
    proxy.reset();
    expect(await call).toBe('kept');
  });

  const large = 'x'.repeat(500_000);

  test.each(['fromClient', 'fromBroker'] as const)(
    'in the middle of a frame to or from a client (%s): the call ends well',
    async (side) => {
      const { ledger } = bench();
      await bench().serve(echo);
      const client = farClient();
      await ledger.call(client, 'echo', { value: 'warm' });
      proxy.cutNextFrame(side);
      expect(await ledger.call(client, 'echo', { value: large })).toBe(large);
      expect(proxy.hasCut).toBe(true);
    },
  );

  test.each(['fromClient', 'fromBroker'] as const)(
    'in the middle of a frame to or from a server (%s): the call ends well, and all its queues are served again',
    async (side) => {
      const { ledger } = bench();
      const pulse = new Pulse();
      await farServe({ ...echo, ...pulse.endpoint });
      const client = bench().client();
      await ledger.call(client, 'echo', { value: 'warm' });
      proxy.cutNextFrame(side);
      expect(await ledger.call(client, 'echo', { value: large })).toBe(large);
      expect(proxy.hasCut).toBe(true);
      await recovery(bench(), pulse);
    },
  );
});

describe('a network that falls silent', () => {
  test('is noticed by the heartbeat, and the calls under way end well', async () => {
    const { ledger } = bench();
    await bench().serve(echo);
    const logger = new RecordingLogger();
    const client = farClient({ heartbeat: 1, logger });
    const losses = () => logger.at('warn').filter(({ message }) => message === 'connection to RabbitMQ lost');
    const reasons = () => losses().map(({ data }) => data.reason);
    // The broker goes on hearing the client, and so does not end the connection first, unless this process was held up.
    while (!reasons().includes('Heartbeat timeout')) {
      await ledger.call(client, 'echo', { value: 'warm' });
      const before = losses().length;
      proxy.swallow({ fromBroker: true });
      const call = ledger.call(client, 'echo', { value: 'through' });
      await vi.waitFor(() => expect(losses().length).toBeGreaterThan(before));
      proxy.reset();
      expect(await call).toBe('through');
    }
  });

  test("on the server's side is noticed by both ends, and its queues are consumed again", async () => {
    const { ledger } = bench();
    const pulse = new Pulse();
    await farServe({ ...echo, ...pulse.endpoint }, { heartbeat: 1 });
    // For a while, nobody consumes the queue.
    const client = bench().client({ callMonitorTimeout: null });
    await ledger.call(client, 'echo', { value: 1 });
    proxy.swallow({ fromBroker: true, fromClient: true });
    const call = ledger.call(client, 'echo', { value: 'through' });
    await vi.waitFor(async () => {
      const connections = await bench().broker.listConnections();
      expect(connections).toHaveLength(1);
    });
    proxy.reset();
    expect(await call).toBe('through');
    await recovery(bench(), pulse);
  });

  test('does not keep a transport from closing', async () => {
    const { ledger } = bench();
    // The heartbeat would end the connections, but not soon.
    const transport = farTransport({ heartbeat: 120 });
    await far.serve(echo, { transport });
    const client = far.client({ transport });
    await ledger.call(client, 'echo', { value: 1 });
    proxy.swallow({ fromBroker: true, fromClient: true });
    const outcome = expect(client.cast(CTXT, 'note', {})).rejects.toMatchObject({
      code: 'MESSAGE_DELIVERY_FAILURE',
    });
    const start = performance.now();
    await transport.close();
    expect(performance.now() - start).toBeLessThan(60_000);
    await outcome;
    // Neither end could tell the broker.
    Object.assign(bench().aftermath.leftovers, { replyQueues: 1, fanoutQueues: 1 });
  });

  test('while connecting does not keep a transport from closing either', async () => {
    const { ledger } = bench();
    proxy.swallow({ fromBroker: true, fromClient: true });
    const transport = farTransport();
    const outcome = ledger.outcome(far.client({ transport }), 'echo', {});
    await sleep(100);
    await transport.close();
    expect(await outcome).toEqual({ code: 'MESSAGE_DELIVERY_FAILURE' });
  });
});
