import type { Logger } from '../../logger.ts';
import type { BrokerConnection } from './connection.ts';
import { QueueConsumer } from './consumer.ts';
import { openOrLog } from './open-or-log.ts';
import { ReplyWaiters } from './reply-waiters.ts';
import type { QueueSpec } from './topology.ts';
import { decodeReply } from './wire-message.ts';

export interface ReplyConsumerOptions {
  connection: BrokerConnection;
  queue: QueueSpec;
  logger: Logger;
}

/** The one reply queue of a driver. The queue keeps its name, so that replies to calls under way still arrive. */
export class ReplyConsumer {
  readonly waiters = new ReplyWaiters();
  /** The queue's name. */
  readonly queue: string;
  readonly #logger: Logger;
  readonly #consumer: QueueConsumer;

  constructor(options: ReplyConsumerOptions) {
    this.queue = options.queue.name;
    this.#logger = options.logger;
    this.#consumer = new QueueConsumer({
      connection: options.connection,
      name: this.queue,
      queues: [options.queue],
      // Replies are handed over at once: a limit could only delay them.
      prefetch: 0,
      logger: options.logger,
      onDelivery: (body, queue) => this.#receive(body, queue),
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

  #receive(body: Buffer, queue: string): void {
    const reply = openOrLog(decodeReply, body, queue, this.#logger);
    if (reply === undefined || this.waiters.deliver(reply)) return;
    this.#logger.debug({ queue, msgId: reply.msgId }, 'reply dropped: nobody waits for it');
  }
}
