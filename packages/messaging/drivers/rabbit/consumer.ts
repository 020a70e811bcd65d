import type { Channel, ConsumeMessage } from 'amqplib';
import { IllegalOperationError } from 'amqplib';
import type { Logger } from '../../logger.ts';
import { within } from '../../within.ts';
import { SupervisedChannel } from './channel.ts';
import type { BrokerConnection } from './connection.ts';
import { declareQueue, type QueueSpec } from './topology.ts';

export interface ConsumerOptions {
  connection: BrokerConnection;
  /** Tells the purpose, in logs. */
  name: string;
  queues: readonly QueueSpec[];
  /** How many unacknowledged messages the broker sends ahead to each consumer; 0: no limit. */
  prefetch: number;
  logger: Logger;
  /** Takes one message, which is acknowledged. */
  onDelivery(body: Buffer, queue: string): void;
}

interface Delivery {
  channel: Channel;
  message: ConsumeMessage;
  queue: string;
}

/** How long (ms) the broker may take to cancel the consumers when it is asked to. */
const CANCEL_TIMEOUT = 1_000;
/** How often (ms) bindings are declared again: when an exchange is deleted, the broker does not tell its consumers. */
const BIND_INTERVAL = 5_000;

/**
 * Consumes queues over one channel, and declares and consumes them again whenever the broker cancels a consumer
 * or the channel or the connection is lost.
 *
 * What one read of the socket brings is acknowledged at once, with a single frame, and then handed over: a
 * message is never handed over before it is acknowledged.
 */
export class QueueConsumer {
  readonly #options: ConsumerOptions;
  readonly #supervised: SupervisedChannel;
  #consumerTags: string[] = [];
  #batch: Delivery[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#supervised = new SupervisedChannel({
      connection: options.connection,
      name: options.name,
      logger: options.logger,
      open: (model) => model.createChannel(),
      setUp: (channel) => this.#setUp(channel),
    });
    this.#supervised.on('ready', (channel) => this.#keepBound(channel));
  }

  /** True while all queues are declared and consumed. */
  get ready(): boolean {
    return this.#supervised.current !== undefined;
  }

  /** Emits `ready`, `lost` and `refused`. */
  get channel(): SupervisedChannel {
    return this.#supervised;
  }

  start(): void {
    this.#supervised.start();
  }

  /**
   * Cancels the consumers at the broker, hands over what it had delivered, and deletes the queues that nobody
   * else uses, if `deleteTransient`. Takes bounded time. Idempotent.
   */
  stop(deleteTransient = true): Promise<void> {
    this.#stopped ??= this.#cancel(deleteTransient);
    return this.#stopped;
  }

  async #cancel(deleteTransient: boolean): Promise<void> {
    const channel = this.#supervised.current;
    this.#supervised.stop();
    if (channel === undefined) return;
    await within(CANCEL_TIMEOUT, this.#cancelOn(channel, deleteTransient));
  }

  async #cancelOn(channel: Channel, deleteTransient: boolean): Promise<void> {
    try {
      for (const tag of this.#consumerTags) await channel.cancel(tag);
      this.#flush();
      for (const queue of this.#options.queues) {
        if (deleteTransient && queue.transient) await channel.deleteQueue(queue.name);
      }
    } catch (error) {
      // The channel has gone meanwhile, and the consumers with it.
      this.#options.logger.debug({ consumer: this.#options.name, err: error }, 'consumers not cancelled');
    }
  }

  async #setUp(channel: Channel): Promise<void> {
    const { prefetch, queues } = this.#options;
    if (prefetch > 0) await channel.prefetch(prefetch);
    this.#consumerTags = [];
    for (const queue of queues) {
      await declareQueue(channel, queue);
      const { consumerTag } = await channel.consume(queue.name, (message) => {
        if (message === null) this.#onCancelled(channel, queue.name);
        else this.#collect({ channel, message, queue: queue.name });
      });
      this.#consumerTags.push(consumerTag);
    }
  }

  /** The broker has cancelled a consumer: its queue was deleted, or has moved to another node. */
  #onCancelled(channel: Channel, queue: string): void {
    this.#options.logger.warn({ queue }, 'RabbitMQ has cancelled a consumer; consuming again');
    // After the flush of what came before: it cannot be acknowledged once the channel is closing.
    queueMicrotask(() => {
      // It fails when the channel is closed already, and then a new one is on its way.
      channel.close().catch(() => {});
    });
  }

  #keepBound(channel: Channel): void {
    const bound = this.#options.queues.filter(({ binding }) => binding !== undefined);
    if (bound.length === 0) return;
    const timer = setInterval(() => {
      this.#declare(channel, bound).catch((error: unknown) => {
        // When the broker refuses, it closes the channel, and that is logged.
        this.#options.logger.debug({ consumer: this.#options.name, err: error }, 'bindings not renewed');
      });
    }, BIND_INTERVAL).unref();
    this.#supervised.once('lost', () => clearInterval(timer));
  }

  async #declare(channel: Channel, queues: readonly QueueSpec[]): Promise<void> {
    for (const queue of queues) {
      if (channel === this.#supervised.current) await declareQueue(channel, queue);
    }
  }

  #collect(delivery: Delivery): void {
    this.#batch.push(delivery);
    // The library emits all messages of one read in one go, so this comes after the last of them.
    if (this.#batch.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const batch = this.#batch;
    const last = batch.at(-1);
    if (last === undefined) return;
    this.#batch = [];
    try {
      last.channel.ack(last.message, true);
    } catch (error) {
      if (!(error instanceof IllegalOperationError)) throw error;
      // The channel is closed, and the broker will deliver these messages again.
      this.#options.logger.debug({ messages: batch.length }, 'deliveries dropped: their channel has closed');
      return;
    }
    for (const { message, queue } of batch) this.#handOver(message.content, queue);
  }

  #handOver(body: Buffer, queue: string): void {
    try {
      this.#options.onDelivery(body, queue);
    } catch (error) {
      // A bug, in the receiver of one message: the other messages of the batch must not suffer from it.
      this.#options.logger.error({ queue, err: error }, 'a delivered message was not handled');
    }
  }
}
