import type { Channel } from 'amqplib';
import {
  MessageDeliveryFailure,
  MessageUndeliverable,
  type MessagingError,
  TopologyMismatch,
} from '../../../errors.ts';
import { NameTooLong } from '../../../names.ts';
import type { OutgoingNotification } from '../../notification-driver.ts';
import { amqpCode, errorText, NOT_FOUND } from '../connection/amqp-error.ts';
import { SupervisedChannel } from '../connection/channel.ts';
import { Outbox, type Publication } from '../publish/publication.ts';
import { Publisher } from '../publish/publisher.ts';
import type { RabbitContext } from '../rabbit-context.ts';
import { declareQueue } from '../topology/declaring.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { uniqueId } from '../wire/wire-message.ts';
import { encodeNotification } from './incoming-notification.ts';

/** A queue that notifications are published to. */
interface NotificationQueue {
  readonly spec: QueueSpec;
  /** It is declared on the present connection, so that what is published is kept. */
  ready: boolean;
  declaring: boolean;
}

interface NotificationQueuesListener {
  /** What waits for a queue can be published. */
  onReady(): void;
  /** The broker does not let this process have the queue; with `transient`, it is tried again. */
  onRefused(queue: NotificationQueue, error: MessageDeliveryFailure, transient: boolean): void;
}

/**
 * Declares the queue of a topic and priority before the first notification is published to it on a connection, so
 * that notifications wait for a listener that has not come yet. (A listener without a pool consumes just that queue.)
 */
class NotificationQueues {
  readonly #context: RabbitContext;
  readonly #listener: NotificationQueuesListener;
  readonly #supervised: SupervisedChannel;
  readonly #entries = new Map<string, NotificationQueue>();

  constructor(context: RabbitContext, listener: NotificationQueuesListener) {
    this.#context = context;
    this.#listener = listener;
    const { connection, logger } = context;
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
    this.#context.connection.off('disconnected', this.#onDisconnected);
  }

  #declareNow(entry: NotificationQueue): void {
    const channel = this.#supervised.current;
    if (channel !== undefined) void this.#declare(channel, entry);
  }

  #declareAll(channel: Channel): void {
    for (const entry of this.#entries.values()) if (!entry.ready) void this.#declare(channel, entry);
  }

  /** Does not reject. */
  async #declare(channel: Channel, entry: NotificationQueue): Promise<void> {
    if (entry.declaring) return;
    entry.declaring = true;
    try {
      await declareQueue(channel, entry.spec, this.#context.fallbacks);
    } catch (error) {
      this.#onError(entry, error);
      return;
    }
    if (channel !== this.#supervised.current) return;
    entry.declaring = false;
    entry.ready = true;
    this.#listener.onReady();
  }

  #onError(entry: NotificationQueue, error: unknown): void {
    const code = amqpCode(error);
    const isFinal = error instanceof TopologyMismatch || error instanceof NameTooLong;
    // The channel was lost for another reason, or there is another way: the queue is declared on the next one.
    if (code === undefined && !isFinal) return;
    // The node that has a durable queue may be down for a while.
    const transient = code === NOT_FOUND;
    if (!transient) this.#forget(entry);
    this.#listener.onRefused(entry, refusal(entry.spec, error), transient);
  }

  #forget(entry: NotificationQueue): void {
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

/** A notification that the publisher holds. */
interface Pending {
  queue: NotificationQueue;
  publication: Publication;
  reject(error: MessagingError): void;
}

/** Publishes notifications, confirmed, each into a queue that is there to keep it. */
export class NotificationPublisher {
  readonly #context: RabbitContext;
  readonly #publisher: Publisher;
  readonly #queues: NotificationQueues;
  readonly #pending = new Set<Pending>();
  readonly #outbox: Outbox;

  constructor(context: RabbitContext) {
    this.#context = context;
    this.#outbox = new Outbox(context.limits.outboxBytes);
    this.#publisher = new Publisher(context, 'notifications');
    this.#queues = new NotificationQueues(context, {
      onReady: () => this.#publisher.flush(),
      onRefused: (queue, error, transient) => this.#onRefused(queue, error, transient),
    });
  }

  /**
   * Resolves when the broker has confirmed it.
   * @throws Overloaded when too much waits to be confirmed
   * @throws MessageDeliveryFailure when it could not be taken, after as many retries as are allowed
   */
  async publish(notification: OutgoingNotification): Promise<void> {
    const { topology, controlExchange } = this.#context;
    const { exchange = controlExchange, topic, priority } = notification;
    const queue = this.#queues.get(topology.topicQueue(exchange, `${topic}.${priority}`));
    const body = encodeNotification(notification, uniqueId());
    const retry = notification.retry < 0 ? Number.POSITIVE_INFINITY : notification.retry;
    this.#outbox.take(body.length);
    try {
      await new Promise<void>((resolve, reject) => this.#send({ queue, body, retry, resolve, reject }));
    } finally {
      this.#outbox.release(body.length);
    }
  }

  async close(): Promise<void> {
    await this.#publisher.close();
    this.#queues.close();
  }

  #send(sending: Sending): void {
    const { queue, body, retry, resolve, reject } = sending;
    const { name, binding } = queue.spec;
    let pending: Pending | undefined;
    let settled = false;
    const publication = this.#publisher.publish({
      exchange: binding?.exchange,
      routingKey: name,
      body,
      retry,
      mandatory: true,
      gate: queue,
      done: (error) => {
        settled = true;
        if (pending !== undefined) this.#pending.delete(pending);
        if (error instanceof MessageUndeliverable) {
          this.#send({ ...sending, queue: this.#queues.renew(queue) });
        } else if (error !== undefined) reject(error);
        else resolve();
      },
    });
    // A publisher that is closed or full says so at once.
    if (settled) return;
    pending = { queue, publication, reject };
    this.#pending.add(pending);
  }

  #onRefused(queue: NotificationQueue, error: MessageDeliveryFailure, transient: boolean): void {
    for (const pending of [...this.#pending]) {
      if (pending.queue !== queue || (transient && !pending.publication.fails())) continue;
      this.#pending.delete(pending);
      this.#publisher.cancel(pending.publication);
      pending.reject(error);
    }
  }
}

interface Sending {
  queue: NotificationQueue;
  body: Buffer;
  retry: number;
  resolve(): void;
  reject(error: MessagingError): void;
}
