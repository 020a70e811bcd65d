import { type Channel, type ChannelModel, type ConsumeMessage, connect, type Options } from 'amqplib';

/** A peer that speaks bare AMQP: sends whatever it likes and shows exactly what came. */
export class RawPeer {
  readonly channel: Channel;
  private readonly model: ChannelModel;

  private constructor(model: ChannelModel, channel: Channel) {
    this.model = model;
    this.channel = channel;
    model.on('error', () => {});
    channel.on('error', () => {});
  }

  static async connect(rabbitUrl: string): Promise<RawPeer> {
    const model = await connect(rabbitUrl.replace(/^rabbit:/, 'amqp:'), { noDelay: true });
    return new RawPeer(model, await model.createChannel());
  }

  /** Messages of a queue, which is declared if need be and bound to the exchange by its own name. */
  async receive(queue: string, exchange?: string): Promise<ConsumeMessage[]> {
    const received: ConsumeMessage[] = [];
    await this.channel.assertQueue(queue, { durable: false });
    if (exchange !== undefined) {
      await this.channel.assertExchange(exchange, 'topic', { durable: false });
      await this.channel.bindQueue(queue, exchange, queue);
    }
    await this.channel.consume(queue, (message) => message && received.push(message), { noAck: true });
    return received;
  }

  /** Publishes a body unchanged. */
  send(exchange: string, routingKey: string, body: string | Buffer, options: Options.Publish = {}): void {
    this.channel.publish(exchange, routingKey, Buffer.from(body), options);
  }

  async close(): Promise<void> {
    await this.model.close().catch(() => {});
  }
}

/** The body of an oslo.messaging message. */
export function sealed(message: object, version = '2.0'): string {
  return JSON.stringify({ 'oslo.version': version, 'oslo.message': JSON.stringify(message) });
}

/** The message in such a body. */
export function opened(delivery: ConsumeMessage | undefined): Record<string, unknown> {
  const envelope = JSON.parse(delivery?.content.toString() ?? 'null') as Record<string, string>;
  return JSON.parse(envelope['oslo.message'] ?? 'null') as Record<string, unknown>;
}
