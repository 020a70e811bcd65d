import { describe, expect, test, vi } from 'vitest';
import type { Transport } from '../../index.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { faultBench } from './support/fault-bench.ts';
import {
  BASIC_ACK,
  BASIC_CANCEL,
  BASIC_QOS,
  CHANNEL_CLOSE_OK,
  CHANNEL_OPEN_OK,
} from './support/frame-filter.ts';
import { echo, Pulse, recovery, SlowMethod } from './support/server-queues.ts';
import { TcpProxy } from './support/tcp-proxy.ts';

const bench = faultBench();

/** A transport that reaches the broker by a proxy of its own. */
interface FarEnd {
  proxy: TcpProxy;
  transport: Transport;
  logger: RecordingLogger;
}

async function farEnd(): Promise<FarEnd> {
  const { broker } = bench();
  const proxy = await TcpProxy.to(broker.port);
  const logger = new RecordingLogger();
  const url = broker.url.replace(String(broker.port), String(proxy.port));
  // The heartbeat tells nothing within the test.
  const transport = bench().transport({ url, logger, rabbit: { heartbeatTimeoutThreshold: 120 } });
  bench().onClose(async () => {
    await transport.close();
    await proxy.close();
  });
  return { proxy, transport, logger };
}

/** Waits until the end has given up that connection, and tells the reason. */
async function loss({ logger }: FarEnd, connection: RegExp): Promise<unknown> {
  const losses = () =>
    logger
      .at('warn')
      .filter(({ message }) => message === 'connection to RabbitMQ lost')
      .filter(({ data }) => connection.test(String(data.connection)));
  await vi.waitFor(() => expect(losses()).not.toEqual([]));
  return losses()[0]?.data.reason;
}

describe('a broker that never answers a request, though its connections work', () => {
  test('is told in the log after 30 s, and what waits for it starts over on new connections', async () => {
    const { broker, ledger, rpc, topic } = bench();
    const [slow, pulse] = [new SlowMethod(), new Pulse()];
    const [server, client, caster] = [await farEnd(), await farEnd(), await farEnd()];
    const endpoint = { ...echo, ...pulse.endpoint, ...slow.endpoint, ...ledger.notebook };
    await rpc.serve(endpoint, { transport: server.transport });
    const caller = rpc.client({ transport: client.transport });
    const casting = rpc.client({ transport: caster.transport });
    await Promise.all([ledger.call(caller, 'echo', { value: 'warm' }), ledger.cast(casting, 'warm')]);
    for (const { proxy } of [server, client]) proxy.ignoreOnPresent({ fromClient: BASIC_QOS });
    caster.proxy.ignoreOnPresent({ fromClient: BASIC_QOS, fromBroker: BASIC_ACK });
    const start = performance.now();
    // The client asks whether the broker has this call: its reply will not tell soon.
    const call = ledger.outcome(caller, 'slow', { value: 'kept' }, 250);
    // When this is not confirmed for 10 s, the client asks whether the broker is there at all.
    const cast = ledger.cast(casting, 'unconfirmed');
    await vi.waitFor(() => expect(slow.running).toBe(1));
    // The server's first request about its next channel.
    await broker.deleteQueue(topic);
    const reasons = await Promise.all([
      loss(server, /\.host1$/),
      loss(client, /:publisher$/),
      loss(caster, /:publisher$/),
    ]);
    expect(performance.now() - start).toBeGreaterThan(39_000);
    const told = /^RabbitMQ has not answered a request about a channel for \d+ s$/;
    for (const reason of reasons) expect(reason).toMatch(told);
    await recovery(bench(), pulse);
    slow.finish.open();
    expect(await call).toBe('result');
    await cast;
    expect([slow.running, ledger.repeated]).toEqual([1, 0]);
  });

  test('keeps no server from stopping, which acknowledges what it runs, and starts nothing more', async () => {
    const { broker, ledger, rpc, topic } = bench();
    const slow = new SlowMethod();
    const end = await farEnd();
    const endpoint = { ...echo, ...slow.endpoint };
    const server = await rpc.serve(endpoint, { transport: end.transport, ackPolicy: 'after' });
    const caller = bench().client();
    const running = ledger.call(caller, 'slow', { value: 'run' });
    await vi.waitFor(() => expect(slow.running).toBe(1));
    end.proxy.ignore({ fromClient: BASIC_CANCEL });
    await server.stop();
    // The broker gives it to the server that has stopped.
    const unmonitored = caller.prepare({ callMonitorTimeout: null });
    const waiting = ledger.call(unmonitored, 'echo', { value: 'waited' });
    await vi.waitFor(async () => {
      const queues = await broker.listQueues();
      expect(queues.find(({ name }) => name === topic)?.messages).toBe(2);
    });
    slow.finish.open();
    expect(await running).toBe('run');
    await bench().serve(endpoint, 'host2');
    expect(await waiting).toBe('waited');
    expect(slow.running).toBe(1);
    bench().aftermath.leftovers.fanoutQueues = 1;
  });
});

describe('a server that is stopped on its way back', () => {
  test.each([
    ['opens no channel', CHANNEL_OPEN_OK, 1],
    ['confirms the end of none', CHANNEL_CLOSE_OK, 0],
  ])('does so at a broker that %s', async (_what, answer, fanoutQueues) => {
    const end = await farEnd();
    const server = await bench().rpc.serve(echo, { transport: end.transport });
    end.proxy.ignore({ fromBroker: answer });
    end.proxy.reset();
    await vi.waitFor(() => expect(end.logger.at('warn')).not.toEqual([]), { interval: 5 });
    const stopped = server.stop();
    // Whatever the broker has not answered by then is lost with its connection.
    setTimeout(() => end.proxy.reset(), 500);
    await stopped;
    bench().aftermath.leftovers.fanoutQueues = fanoutQueues;
  });
});
