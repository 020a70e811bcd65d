import { getRpcServer, type RabbitOptions, Target } from '@mini-nova/messaging';
import { type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { RawPeer } from './support/raw-peer.ts';

let broker: PrivateRabbit;
let rpc: RpcFixture;
let peer: RawPeer;

beforeAll(async () => {
  broker = await startRabbit();
});
afterAll(() => broker.close());
beforeEach(async () => {
  rpc = new RpcFixture(broker.url);
  peer = await RawPeer.connect(broker.url);
});
afterEach(async () => {
  await rpc.close();
  await peer.close();
});

const KINDS: [string, RabbitOptions][] = [
  ['classic', {}],
  ['quorum', { rabbitQuorumQueue: true, rabbitTransientQuorumQueue: true }],
];

/** Removes the consumers of a queue at the broker, which does not tell them. */
function forgetConsumers(queue: string): Promise<void> {
  return broker.evaluate(
    `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)),
     [begin
        {Channel, Tag} = {element(1, C), element(2, C)},
        case amqqueue:get_type(Q) of
          rabbit_quorum_queue ->
            ra:process_command(amqqueue:get_pid(Q), rabbit_fifo:make_checkout({Tag, Channel}, cancel, #{}));
          _ ->
            gen_server2:call(amqqueue:get_pid(Q), {basic_cancel, Channel, Tag, undefined, <<"test">>}, infinity)
        end
      end || C <- rabbit_amqqueue:consumers(Q)]`,
  );
}

function notebook() {
  const endpoint = {
    notes: [] as unknown[],
    note: (_c: object, { value }: { value: unknown }) => void endpoint.notes.push(value),
  };
  return endpoint;
}

describe.each(KINDS)('a server with %s queues', (kind, rabbit) => {
  const controlExchange = `deafness-${kind}`;
  const transport = (logger = new RecordingLogger()) => rpc.transport({ rabbit, controlExchange, logger });
  const serve = (endpoint: object) => rpc.serve(endpoint, { transport: transport() });
  const client = () => rpc.client({ transport: transport() });

  test.each([
    ['its own queue', (topic: string) => `${topic}.host1`],
    ['the queue of its topic', (topic: string) => topic],
  ])('whose consumer of %s is removed silently finds out', async (_what, name) => {
    const endpoint = notebook();
    const logger = new RecordingLogger();
    await rpc.serve(endpoint, { transport: transport(logger) });
    const queue = name(rpc.topic);
    await forgetConsumers(queue);
    const target = queue.endsWith('.host1') ? { server: 'host1' } : {};
    await client().prepare(target).cast(CTXT, 'note', { value: 'waiting' });
    await vi.waitFor(() => expect(endpoint.notes).toEqual(['waiting']));
    expect(logger.at('warn').map(({ data }) => data)).toContainEqual({ queue, reason: 'it has no consumer' });
  });

  test('whose consumer is removed silently, while another consumer takes nothing, serves again', async () => {
    const endpoint = notebook();
    await serve(endpoint);
    await forgetConsumers(rpc.topic);
    await peer.channel.prefetch(1);
    await peer.channel.consume(rpc.topic, () => {});
    for (const value of [1, 2]) await client().cast(CTXT, 'note', { value });
    // The other one has a request and keeps it.
    await vi.waitFor(() => expect(endpoint.notes).toHaveLength(1));
  });

  test('whose fanout queue is deleted, hears fanouts again when RabbitMQ says so', async () => {
    const endpoint = notebook();
    const logger = new RecordingLogger();
    await rpc.serve(endpoint, { transport: transport(logger) });
    const queue = (await broker.listQueues()).find(({ name }) => name.startsWith(`${rpc.topic}_fanout`));
    await peer.channel.deleteQueue(queue?.name ?? '');
    const caller = client();
    await vi.waitFor(async () => {
      await caller.prepare({ fanout: true }).cast(CTXT, 'note', { value: 1 });
      expect(endpoint.notes).not.toEqual([]);
    });
    // It did not have to find out by checking.
    expect(logger.at('warn').map(({ data }) => data)).toContainEqual({
      queue: queue?.name,
      reason: 'RabbitMQ has cancelled its consumer',
    });
  });
});

describe('a queue that is declared otherwise', () => {
  const declare = (durable: boolean) => peer.channel.assertQueue(rpc.topic, { durable });

  test('while the server is away is logged once, and the server serves when it is corrected', async () => {
    const logger = new RecordingLogger();
    const endpoint = notebook();
    await rpc.serve(endpoint, { transport: rpc.transport({ logger }) });
    await peer.channel.deleteQueue(rpc.topic);
    // Before the server is back.
    await declare(true);
    const errors = () => logger.at('error').map(({ data }) => data.reason);
    const reason = `The queue "${rpc.topic}" exists with other properties: durable is true on the broker, and false was wanted`;
    await vi.waitFor(() => expect(errors()).toEqual([reason]));
    const channels = async () =>
      (await broker.rabbitmqctl('--silent', 'list_channels', 'pid')).trim().split('\n');
    const before = await channels();
    await new Promise((resolve) => setTimeout(resolve, 6000));
    // It was tried again meanwhile: once, and without another word.
    expect((await channels()).length).toBeLessThanOrEqual(before.length + 1);
    expect(errors()).toEqual([reason]);
    await peer.channel.deleteQueue(rpc.topic);
    await rpc.client().cast(CTXT, 'note', { value: 'late' });
    await vi.waitFor(() => expect(endpoint.notes).toEqual(['late']));
  });

  test('fails the start of the server, which names it', async () => {
    await peer.channel.assertQueue(`${rpc.topic}.host1`, {
      durable: false,
      arguments: { 'x-expires': 60_000 },
    });
    const target = new Target({ topic: rpc.topic, server: 'host1' });
    const server = getRpcServer(rpc.transport({ logger: new RecordingLogger() }), target, [notebook()]);
    await expect(server.start()).rejects.toMatchObject({
      code: 'TOPOLOGY_MISMATCH',
      kind: 'queue',
      entity: `${rpc.topic}.host1`,
      argument: 'x-expires',
      wanted: undefined,
      actual: '60000',
    });
  });

  test('as an exchange that is not durable is used as it is', async () => {
    const controlExchange = `shared-${rpc.topic}`;
    await peer.channel.assertExchange(controlExchange, 'topic', { durable: false });
    const endpoint = notebook();
    const options = { rabbit: { amqpDurableQueues: true }, controlExchange, logger: new RecordingLogger() };
    await rpc.serve(endpoint, { transport: rpc.transport(options) });
    await rpc.client({ transport: rpc.transport(options) }).cast(CTXT, 'note', { value: 1 });
    await vi.waitFor(() => expect(endpoint.notes).toEqual([1]));
  });
});
