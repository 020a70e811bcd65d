import { Connection, ConsumerStatus } from 'rabbitmq-client';
import type { Contender, EchoArgs, EchoClient, EchoService, Place } from '../contender.ts';

/**
 * Its RPC client with its defaults: direct reply-to, requests not confirmed, acknowledged after they have run; and
 * `noDelay`, without which one call at a time takes 40 ms.
 */
export const contender: Contender = { serve, connect };

const notesOf = (topic: string): string => `${topic}.notes`;

async function serve({ url, topic }: Place, service: EchoService): Promise<void> {
  const rabbit = new Connection({ url, noDelay: true });
  rabbit.on('error', (error) => console.error(error));
  const echo = rabbit.createConsumer({ queue: topic }, async (message, reply) => {
    await reply(await service.echo(message.body as EchoArgs));
  });
  const notes = rabbit.createConsumer({ queue: notesOf(topic) }, (message) => {
    service.note(message.body as EchoArgs);
    return ConsumerStatus.ACK;
  });
  const ready = [echo, notes].map((consumer) => {
    consumer.on('error', (error) => console.error(error));
    return new Promise<void>((resolve) => consumer.once('ready', resolve));
  });
  await Promise.all(ready);
}

async function connect({ url, topic }: Place): Promise<EchoClient> {
  const rabbit = new Connection({ url, noDelay: true });
  rabbit.on('error', (error) => console.error(error));
  await rabbit.onConnect();
  const client = rabbit.createRPCClient({ timeout: 60_000 });
  const publisher = rabbit.createPublisher({ confirm: true });
  return {
    call: async (args) => (await client.send(topic, args)).body as EchoArgs,
    cast: (args) => publisher.send(notesOf(topic), args),
  };
}
