import { type Channel, type ConsumeMessage, connect } from 'amqplib';
import type { EchoArgs, EchoService, Place } from '../../contender.ts';
import { CONTENT, EXCHANGE, newId, open, type Request, seal } from './wire.ts';

type Method = (args: EchoArgs) => unknown;

/** `confirms`: the broker confirms replies. */
export async function serve({ url, topic }: Place, service: EchoService, confirms = false): Promise<void> {
  const connection = await connect(url, { noDelay: true });
  const channel = confirms ? await connection.createConfirmChannel() : await connection.createChannel();
  const methods = new Map<string, Method>([
    ['echo', (args) => service.echo(args)],
    ['note', (args) => service.note(args)],
  ]);
  await channel.assertExchange(EXCHANGE, 'topic', { durable: false });
  await channel.assertQueue(topic, { durable: false });
  await channel.bindQueue(topic, EXCHANGE, topic);
  channel.on('return', (message) => console.warn(`the reply queue ${message.fields.routingKey} has gone`));
  await channel.consume(topic, (message) => {
    if (message !== null) void onRequest(channel, methods, message);
  });
}

/** Acknowledged before it runs, as oslo.messaging does. */
async function onRequest(
  channel: Channel,
  methods: ReadonlyMap<string, Method>,
  message: ConsumeMessage,
): Promise<void> {
  channel.ack(message);
  const request = open<Request>(message.content);
  let result: unknown = null;
  let failure: string | null = null;
  try {
    const method = methods.get(request.method);
    if (method === undefined) throw new Error(`no such method: ${request.method}`);
    result = (await method(request.args as EchoArgs)) ?? null;
  } catch (error) {
    failure = JSON.stringify({ class: 'Exception', module: 'builtins', message: String(error), tb: [] });
  }
  const { _msg_id, _reply_q } = request;
  if (_msg_id === undefined || _reply_q === undefined) return;
  const body = seal({ result, failure, ending: true, _msg_id, _unique_id: newId() });
  channel.publish('', _reply_q, body, CONTENT);
}
