import type { RabbitSettings } from '../rabbit-options.ts';
import { uniqueId } from '../wire/wire-message.ts';

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

export interface ServerQueues {
  /** Shared with the topic's other servers. */
  topic: QueueSpec;
  /** For requests to this server by its name. */
  own: QueueSpec;
  /** For requests to all servers; unique to the listener, so callers cancel by it. */
  fanout: QueueSpec;
  /** Not consumed: where casts end that have failed too often. */
  deadLetters: QueueSpec;
}

/** As oslo.messaging declares them: the broker refuses whoever declares the same name differently. */
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
      arguments: this.#settings.rabbitQuorumQueue ? this.#quorumArguments() : {},
      binding: { exchange: this.topicExchange(exchange), key: name },
      transient: false,
    };
  }

  /** What one server consumes, and where its dead letters end. */
  serverQueues(exchange: string, topic: string, server: string): ServerQueues {
    return {
      topic: this.topicQueue(exchange, topic),
      own: this.topicQueue(exchange, `${topic}.${server}`),
      fanout: this.fanoutQueue(topic, uniqueId()),
      deadLetters: this.deadLetterQueue(topic),
    };
  }

  fanoutQueue(topic: string, id: string): QueueSpec {
    const binding = { exchange: this.fanoutExchange(topic), key: topic };
    return { ...this.#transientQueue(`${topic}_fanout_${id}`), binding };
  }

  replyQueue(id: string): QueueSpec {
    return this.#transientQueue(`reply_${id}`);
  }

  /** Where the casts to a topic end that failed too often. Outlives everything. */
  deadLetterQueue(topic: string): QueueSpec {
    return {
      name: `${topic}_dead_letters`,
      durable: true,
      autoDelete: false,
      arguments: this.#settings.rabbitQuorumQueue ? { 'x-queue-type': 'quorum' } : {},
      transient: false,
    };
  }

  #transientQueue(name: string): QueueSpec {
    const quorum = this.#settings.rabbitTransientQuorumQueue;
    return {
      name,
      durable: quorum,
      autoDelete: false,
      arguments: {
        ...(quorum && this.#quorumArguments()),
        'x-expires': this.#settings.rabbitTransientQueuesTtl * 1000,
      },
      transient: true,
    };
  }

  /** With oslo.messaging's own rule: a limit of 0 is not sent. */
  #quorumArguments(): Record<string, string | number> {
    const { rabbitQuorumDeliveryLimit, rabbitQuorumMaxMemoryLength, rabbitQuorumMaxMemoryBytes } =
      this.#settings;
    return {
      'x-queue-type': 'quorum',
      ...(rabbitQuorumDeliveryLimit > 0 && { 'x-delivery-limit': rabbitQuorumDeliveryLimit }),
      ...(rabbitQuorumMaxMemoryLength > 0 && { 'x-max-in-memory-length': rabbitQuorumMaxMemoryLength }),
      ...(rabbitQuorumMaxMemoryBytes > 0 && { 'x-max-in-memory-bytes': rabbitQuorumMaxMemoryBytes }),
    };
  }

  get #durable(): boolean {
    return this.#settings.amqpDurableQueues || this.#settings.rabbitQuorumQueue;
  }
}
