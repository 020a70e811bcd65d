import type { Logger } from '../../../logger.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { QueueConsumer } from '../consume/consumer.ts';
import type { Delivery } from '../consume/delivery.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { openOrLog } from '../wire/open-or-log.ts';
import { decodeReply, type WireReply } from '../wire/wire-message.ts';

export interface ReplyConsumerOptions {
  connection: BrokerConnection;
  queue: QueueSpec;
  logger: Logger;
  /** `server`: the queue by which its sender can be reached, if it tells that. */
  onReply(reply: WireReply, server: string | undefined): void;
}

/** The one reply queue of a driver. The queue keeps its name, so that replies to calls under way still arrive. */
export class ReplyConsumer {
  /** The queue's name. */
  readonly queue: string;
  readonly #options: ReplyConsumerOptions;
  readonly #consumer: QueueConsumer;

  constructor(options: ReplyConsumerOptions) {
    this.queue = options.queue.name;
    this.#options = options;
    this.#consumer = new QueueConsumer({
      connection: options.connection,
      name: this.queue,
      queues: [options.queue],
      // Replies are handed over at once: a limit could only delay them.
      prefetch: 0,
      logger: options.logger,
      onDelivery: (delivery) => this.#receive(delivery),
    });
  }

  /** True while the queue is declared and consumed: only then may a call be sent. */
  get ready(): boolean {
    return this.#consumer.ready;
  }

  onReady(listener: () => void): void {
    this.#consumer.channel.on('ready', listener);
  }

  start(): void {
    this.#consumer.start();
  }

  stop(options: { deleteQueue: boolean }): Promise<void> {
    return this.#consumer.stop(options.deleteQueue);
  }

  #receive(delivery: Delivery): void {
    const reply = openOrLog(decodeReply, delivery, this.#options.logger);
    if (reply === undefined) return;
    const { replyTo }: { replyTo?: unknown } = delivery.message.properties;
    this.#options.onReply(reply, typeof replyTo === 'string' && replyTo !== '' ? replyTo : undefined);
  }
}
