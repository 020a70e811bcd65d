import type { Channel } from 'amqplib';
import { MessageDeliveryFailure, TopologyMismatch } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { amqpCode, errorText, NOT_FOUND } from '../connection/amqp-error.ts';
import { SupervisedChannel } from '../connection/channel.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { NameTooLong } from '../topology/entity-name.ts';
import type { ExchangeFallbacks } from '../topology/exchange-declaration.ts';
import { declareQueue, type QueueSpec } from '../topology/topology.ts';

/** A queue that notifications are published to. */
export interface NotificationQueue {
  readonly spec: QueueSpec;
  /** It is declared on the present connection, so that what is published is kept. */
  readonly ready: boolean;
}

export interface NotificationQueuesOptions {
  connection: BrokerConnection;
  fallbacks: ExchangeFallbacks;
  logger: Logger;
  /** What waits for a queue can be published. */
  onReady(): void;
  /** The broker does not let this process have the queue; with `transient`, it is tried again. */
  onRefused(queue: NotificationQueue, error: MessageDeliveryFailure, transient: boolean): void;
}

interface Entry extends NotificationQueue {
  ready: boolean;
  declaring: boolean;
}

/**
 * Declares the queue of a topic and priority before the first notification is published to it on a connection, so
 * that notifications wait for a listener that has not come yet. (A listener without a pool consumes just that queue.)
 */
export class NotificationQueues {
  readonly #options: NotificationQueuesOptions;
  readonly #supervised: SupervisedChannel;
  readonly #entries = new Map<string, Entry>();

  constructor(options: NotificationQueuesOptions) {
    this.#options = options;
    const { connection, logger } = options;
    this.#supervised = new SupervisedChannel({
      connection,
      name: 'queues of notifications',
      logger,
      open: (model) => model.createChannel(),
      setUp: async () => {},
    });
    this.#supervised.on('ready', (channel) => this.#declareAll(channel));
    this.#supervised.on('lost', () => this.#onLost());
    connection.on('disconnected', this.#onDisconnected);
  }

  /** The queue, which is declared if it was not yet. */
  get(spec: QueueSpec): NotificationQueue {
    const key = `${spec.binding?.exchange.name}/${spec.name}`;
    const entry = this.#entries.get(key) ?? { spec, ready: false, declaring: false };
    this.#entries.set(key, entry);
    this.#supervised.start();
    if (!entry.ready) this.#declareNow(entry);
    return entry;
  }

  /** The broker had no such queue, though it was declared: somebody has deleted it, or its binding. */
  renew({ spec }: NotificationQueue): NotificationQueue {
    for (const entry of this.#entries.values()) if (entry.spec === spec) entry.ready = false;
    return this.get(spec);
  }

  close(): void {
    this.#supervised.stop();
    this.#options.connection.off('disconnected', this.#onDisconnected);
  }

  #declareNow(entry: Entry): void {
    const channel = this.#supervised.current;
    if (channel !== undefined) void this.#declare(channel, entry);
  }

  #declareAll(channel: Channel): void {
    for (const entry of this.#entries.values()) if (!entry.ready) void this.#declare(channel, entry);
  }

  /** Does not reject. */
  async #declare(channel: Channel, entry: Entry): Promise<void> {
    if (entry.declaring) return;
    entry.declaring = true;
    try {
      await declareQueue(channel, entry.spec, this.#options.fallbacks);
    } catch (error) {
      this.#onError(entry, error);
      return;
    }
    if (channel !== this.#supervised.current) return;
    entry.declaring = false;
    entry.ready = true;
    this.#options.onReady();
  }

  #onError(entry: Entry, error: unknown): void {
    const code = amqpCode(error);
    const isFinal = error instanceof TopologyMismatch || error instanceof NameTooLong;
    // The channel was lost for another reason, or there is another way: the queue is declared on the next one.
    if (code === undefined && !isFinal) return;
    // The node that has a durable queue may be down for a while.
    const transient = code === NOT_FOUND;
    if (!transient) this.#forget(entry);
    this.#options.onRefused(entry, refusal(entry.spec, error), transient);
  }

  #forget(entry: Entry): void {
    for (const [key, value] of this.#entries) if (value === entry) this.#entries.delete(key);
  }

  #onLost(): void {
    for (const entry of this.#entries.values()) entry.declaring = false;
  }

  /** The broker may come back without its queues. */
  readonly #onDisconnected = (): void => {
    for (const entry of this.#entries.values()) entry.ready = false;
  };
}

function refusal(queue: QueueSpec, cause: unknown): MessageDeliveryFailure {
  if (cause instanceof TopologyMismatch) return cause;
  const text = `RabbitMQ has refused queue "${queue.name}": ${errorText(cause)}`;
  return new MessageDeliveryFailure(text, { cause });
}
