import { once } from 'node:events';
import { type Channel, connect } from 'amqplib';
import type { Contender, EchoArgs, EchoClient, EchoService, Place } from '../contender.ts';

/** The bare minimum of request and reply on this library: nothing is acknowledged, confirmed or timed. */
export const contender: Contender = { serve, connect: connectClient };

const EXCHANGE = 'bench-bare';
const ECHO = 'echo';

async function openChannel(url: string): Promise<Channel> {
  const connection = await connect(url, { noDelay: true });
  return connection.createChannel();
}

async function serve({ url, topic }: Place, service: EchoService): Promise<void> {
  const channel = await openChannel(url);
  await channel.assertExchange(EXCHANGE, 'topic', { durable: false });
  await channel.assertQueue(topic, { durable: false });
  await channel.bindQueue(topic, EXCHANGE, topic);
  await channel.consume(
    topic,
    async (message) => {
      if (message === null) return;
      const { method, args } = JSON.parse(message.content.toString()) as { method: string; args: EchoArgs };
      if (method !== ECHO) return service.note(args);
      const { replyTo, correlationId } = message.properties;
      const result = await service.echo(args);
      channel.sendToQueue(replyTo, Buffer.from(JSON.stringify({ result })), { correlationId });
    },
    { noAck: true },
  );
}

async function connectClient({ url, topic }: Place): Promise<EchoClient> {
  const channel = await openChannel(url);
  const waiting = new Map<string, (result: EchoArgs) => void>();
  const { queue: replyTo } = await channel.assertQueue('', { exclusive: true });
  await channel.consume(
    replyTo,
    (message) => {
      if (message === null) return;
      const { correlationId } = message.properties;
      const { result } = JSON.parse(message.content.toString()) as { result: EchoArgs };
      waiting.get(correlationId)?.(result);
      waiting.delete(correlationId);
    },
    { noAck: true },
  );
  let last = 0;
  let drained: Promise<unknown> | undefined;
  return {
    call: (args) =>
      new Promise((resolve) => {
        last += 1;
        const correlationId = String(last);
        waiting.set(correlationId, resolve);
        const body = Buffer.from(JSON.stringify({ method: ECHO, args }));
        channel.publish(EXCHANGE, topic, body, { replyTo, correlationId });
      }),
    cast: async (args) => {
      const body = Buffer.from(JSON.stringify({ method: 'note', args }));
      if (channel.publish(EXCHANGE, topic, body)) return;
      drained ??= once(channel, 'drain').finally(() => {
        drained = undefined;
      });
      await drained;
    },
  };
}
