import type { Channel } from 'amqplib';
import type { RabbitSettings } from './rabbit-options.ts';

export interface ExchangeSpec {
  name: string;
  type: 'topic' | 'fanout';
  durable: boolean;
  autoDelete: boolean;
}

export interface QueueSpec {
  name: string;
  durable: boolean;
  autoDelete: boolean;
  arguments: Record<string, string | number>;
  /** Absent: the default exchange, which reaches every queue by its name. */
  binding?: { exchange: ExchangeSpec; key: string };
  /** Its owner alone uses it: it is deleted when the owner stops in order. */
  transient: boolean;
}

/**
 * The exchanges and queues, declared exactly as oslo.messaging declares them: the broker refuses whoever
 * declares the same name differently.
 */
export class Topology {
  readonly #settings: RabbitSettings;

  constructor(settings: RabbitSettings) {
    this.#settings = settings;
  }

  /** Shared by all topics of one control exchange. */
  topicExchange(name: string): ExchangeSpec {
    return { name, type: 'topic', durable: this.#durable, autoDelete: this.#settings.amqpAutoDelete };
  }

  /** Goes with its last queue. */
  fanoutExchange(topic: string): ExchangeSpec {
    const durable = this.#settings.rabbitTransientQuorumQueue;
    return { name: `${topic}_fanout`, type: 'fanout', durable, autoDelete: true };
  }

  /** What the servers of a topic share, or, for `topic.server`, one server's own. */
  topicQueue(exchange: string, name: string): QueueSpec {
    return {
      name,
      durable: this.#durable,
      autoDelete: this.#settings.amqpAutoDelete,
      arguments: this.#settings.rabbitQuorumQueue ? { 'x-queue-type': 'quorum' } : {},
      binding: { exchange: this.topicExchange(exchange), key: name },
      transient: false,
    };
  }

  fanoutQueue(topic: string, id: string): QueueSpec {
    const binding = { exchange: this.fanoutExchange(topic), key: topic };
    return { ...this.#transientQueue(`${topic}_fanout_${id}`), binding };
  }

  replyQueue(id: string): QueueSpec {
    return this.#transientQueue(`reply_${id}`);
  }

  #transientQueue(name: string): QueueSpec {
    const quorum = this.#settings.rabbitTransientQuorumQueue;
    return {
      name,
      durable: quorum,
      autoDelete: false,
      arguments: {
        ...(quorum && { 'x-queue-type': 'quorum' }),
        'x-expires': this.#settings.rabbitTransientQueuesTtl * 1000,
      },
      transient: true,
    };
  }

  get #durable(): boolean {
    return this.#settings.amqpDurableQueues || this.#settings.rabbitQuorumQueue;
  }
}

export async function declareExchange(channel: Channel, exchange: ExchangeSpec): Promise<void> {
  const { name, type, durable, autoDelete } = exchange;
  await channel.assertExchange(name, type, { durable, autoDelete });
}

/** Declares the queue, its exchange and its binding. */
export async function declareQueue(channel: Channel, queue: QueueSpec): Promise<void> {
  const { name, binding, durable, autoDelete } = queue;
  if (binding !== undefined) await declareExchange(channel, binding.exchange);
  await channel.assertQueue(name, { durable, autoDelete, arguments: queue.arguments });
  if (binding !== undefined) await channel.bindQueue(name, binding.exchange.name, binding.key);
}
