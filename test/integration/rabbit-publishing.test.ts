import type { TransportEvent } from '@mini-nova/messaging';
import { Notifier } from '@mini-nova/messaging/notifications';
import { type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { shortenWay } from '../../packages/messaging/drivers/rabbit/consume/delivery.ts';
import { FrameWriter } from '../../packages/messaging/drivers/rabbit/publish/frame-writer.ts';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';

const echo = { echo: (_ctxt: object, { value }: { value: unknown }) => value };
const rabbit = { rabbitRetryInterval: 0.3, rabbitRetryBackoff: 0 };

let broker: PrivateRabbit;
let rpc: RpcFixture;
beforeAll(async () => {
  broker = await startRabbit();
  await broker.evaluate('application:set_env(rabbit, max_message_size, 100000)');
});
afterAll(() => broker.close());
beforeEach(() => {
  rpc = new RpcFixture(broker.url);
});
afterEach(() => rpc.close());

test.each([false, true])(
  'a message over which the broker closes the channel fails alone, with durable queues: %s',
  async (amqpDurableQueues) => {
    const options = { rabbit: { ...rabbit, amqpDurableQueues }, controlExchange: `e-${amqpDurableQueues}` };
    await rpc.serve(echo, { transport: rpc.transport(options) });
    const client = rpc.client({ transport: rpc.transport(options), timeout: 250 });
    expect(await client.call(CTXT, 'echo', { value: 'warm' })).toBe('warm');
    const large = client.call(CTXT, 'echo', { value: 'x'.repeat(200_000) });
    const absent = client.prepare({ server: 'nobody' }).call(CTXT, 'echo', {});
    const values = Array.from({ length: 1_000 }, (_, index) => index);
    const small = values.map((value) => client.call(CTXT, 'echo', { value }));
    const outcomes = await Promise.allSettled([large, absent, ...small]);
    expect(outcomes.slice(0, 2)).toMatchObject([
      { reason: { code: 'MESSAGE_TOO_LARGE', limit: 100_000 } },
      { reason: { code: 'MESSAGE_UNDELIVERABLE' } },
    ]);
    expect(outcomes.slice(2)).toEqual(values.map((value) => ({ status: 'fulfilled', value })));
  },
);

test('the channels of the installed AMQP library have all that writing their frames needs', async () => {
  const logger = new RecordingLogger();
  const model = await connect(broker.url.replace(/^rabbit:/, 'amqp:'));
  try {
    for (const channel of [await model.createChannel(), await model.createConfirmChannel()]) {
      expect(FrameWriter.of(channel, () => {}, logger)).toBeInstanceOf(FrameWriter);
      expect(shortenWay(channel)).toBe(true);
    }
  } finally {
    await model.close();
  }
  expect(logger.lines).toEqual([]);
});

test('a transport that sends all that can be sent causes no warning', async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  const transport = rpc.transport({ rabbit });
  await rpc.serve(echo, { transport });
  const client = rpc.client({ transport });
  await client.call(CTXT, 'echo', { value: 1 });
  await client.cast(CTXT, 'echo', {});
  await client.prepare({ fanout: true }).cast(CTXT, 'echo', {});
  const notifier = new Notifier(transport, {
    publisherId: 'test',
    drivers: ['messaging'],
    topics: [rpc.topic],
  });
  await notifier.info(CTXT, 'event', {});
  await transport.close();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test('a lost channel is reported once', async () => {
  const lost: unknown[] = [];
  const onTransportEvent = ({ type, data }: TransportEvent) =>
    type === 'channel_lost' && lost.push(data.channel);
  const client = rpc.client({ transport: rpc.transport({ rabbit, hooks: [{ onTransportEvent }] }) });
  const large = client.cast(CTXT, 'note', { value: 'x'.repeat(200_000) });
  await expect(large).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  expect(lost).toEqual(['casts']);
});

test('a call that waits for its queue is sent when the broker and the queue are back', async () => {
  const client = rpc.client({ transport: rpc.transport({ rabbit }), failUndeliverable: false, timeout: 250 });
  await client.cast(CTXT, 'warm', {});
  const call = client.call(CTXT, 'echo', { value: 'waited' });
  const fast = client.prepare({ failUndeliverable: true });
  await expect(fast.call(CTXT, 'echo', {})).rejects.toMatchObject({ code: 'MESSAGE_UNDELIVERABLE' });
  // The request is retried meanwhile, and is ready to be published before the reply queue is consumed.
  await broker.kill();
  await broker.start();
  await rpc.serve(echo, { transport: rpc.transport({ rabbit }) });
  expect(await call).toBe('waited');
});
