import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { brokerAddresses } from '../../drivers/rabbit/connection/broker-address.ts';
import { BrokerConnection } from '../../drivers/rabbit/connection/connection.ts';
import { rabbitSettings } from '../../drivers/rabbit/rabbit-options.ts';
import { MessageDeliveryFailure, type RPCClient, silentLogger } from '../../index.ts';
import { parseTransportUrl } from '../../transport-url.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { CTXT } from '../rpc-fixture.ts';
import { faultBench } from './support/fault-bench.ts';
import { echo, numbers, SlowMethod } from './support/server-queues.ts';

const bench = faultBench();

/** Connections are told some time after the broker has noticed. */
async function raiseMemoryAlarm(): Promise<void> {
  const { broker } = bench();
  await broker.setMemoryAlarm(true);
  await vi.waitFor(async () => {
    const states = (await broker.listConnections()).map(({ state }) => state);
    expect(states).not.toEqual([]);
    // The latter once they have published.
    for (const state of states) expect(['blocking', 'blocked']).toContain(state);
  });
}

/** A client that has called a server, at a broker that is out of memory by now. */
async function alarmedCaller(): Promise<{ caller: RPCClient; logger: RecordingLogger }> {
  const { ledger } = bench();
  await bench().serve({ ...echo, ...ledger.notebook });
  const logger = new RecordingLogger();
  const caller = bench().client({ logger });
  await ledger.call(caller, 'echo', { value: 1 });
  await raiseMemoryAlarm();
  return { caller, logger };
}

describe('a broker that is out of memory', () => {
  // Before the bench looks at what is left: hooks run last to first.
  afterEach(() => bench().broker.setMemoryAlarm(false));

  test('gets the casts once it takes them again, and each call meanwhile ends by its deadline', async () => {
    const { broker, ledger } = bench();
    const { caller, logger } = await alarmedCaller();
    let confirmed = 0;
    const casts = numbers(20).map(async (value) => {
      await ledger.cast(caller, value);
      confirmed += 1;
    });
    await vi.waitFor(() =>
      expect(logger.at('warn').map(({ message }) => message)).toContain('RabbitMQ has blocked publishing'),
    );
    expect(await ledger.outcome(caller, 'echo', { value: 2 }, 1)).toEqual({ code: 'MESSAGING_TIMEOUT' });
    expect([confirmed, ledger.noted]).toEqual([0, []]);
    await broker.setMemoryAlarm(false);
    await Promise.all(casts);
    expect(await ledger.call(caller, 'echo', { value: 3 })).toBe(3);
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(20));
  });

  test('holds up a reply, and its call is answered once it is well again', async () => {
    const { broker, ledger } = bench();
    const slow = new SlowMethod();
    await bench().serve(slow.endpoint);
    const call = ledger.call(bench().client(), 'slow', { value: 'kept' });
    await vi.waitFor(() => expect(slow.running).toBe(1));
    await raiseMemoryAlarm();
    slow.finish.open();
    await broker.setMemoryAlarm(false);
    expect(await call).toBe('kept');
  });

  test('is not taken for one that never answers', async () => {
    const { broker } = bench();
    const settings = rabbitSettings({});
    const connection = new BrokerConnection({
      name: 'impatient',
      addresses: brokerAddresses(parseTransportUrl(broker.url), settings),
      settings,
      answerTimeout: 3_000,
      logger: silentLogger,
    });
    bench().onClose(() => connection.close());
    const model = await new Promise<ChannelModel>((resolve) => {
      connection.once('connected', resolve);
      connection.open();
    });
    const channel = await model.createChannel();
    const blocked = new Promise((resolve) => model.once('blocked', resolve));
    await broker.setMemoryAlarm(true);
    channel.publish('', 'nowhere', Buffer.from('x'));
    await blocked;
    const answer = channel.prefetch(0);
    // Longer than an answer may take.
    await sleep(3_500);
    expect(connection.model === model).toBe(true);
    await broker.setMemoryAlarm(false);
    await answer;
    expect(connection.model === model).toBe(true);
  });

  test('keeps its connections, though it answers nothing that their queues are asked meanwhile', async () => {
    const { broker, ledger } = bench();
    const { caller, logger } = await alarmedCaller();
    const casts = [ledger.cast(caller, 'once'), ledger.cast(caller.prepare({ retry: 0 }), 'no retry')];
    // By then the reply queue was looked at, and an answer would be overdue.
    await sleep(13_500);
    await broker.setMemoryAlarm(false);
    await Promise.all(casts);
    const messages = logger.at('warn', 'error').map(({ message }) => message);
    expect(messages).toEqual(['RabbitMQ has blocked publishing']);
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(2));
  });

  test('does not keep a transport from closing', async () => {
    const blocked = bench().transport();
    const caller = bench().rpc.client({ transport: blocked });
    await caller.cast(CTXT, 'note', {});
    await raiseMemoryAlarm();
    const outcome = expect(caller.cast(CTXT, 'note', {})).rejects.toThrow(MessageDeliveryFailure);
    // The broker is well again only after this.
    await blocked.close();
    await outcome;
  });
});
