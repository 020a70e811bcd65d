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
import type { RabbitContext } from '../rabbit-driver.ts';
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

/** The broker does not let this process have the queue; with `transient`, it is tried again. */
type OnRefused = (queue: NotificationQueue, error: MessageDeliveryFailure, transient: boolean) => void;

/**
 * Declares the queue of a topic and priority before the first notification is published to it on a connection, so
 * that notifications wait for a listener that has not come yet. (A listener without a pool consumes just that queue.)
 */
class NotificationQueues {
  readonly #context: RabbitContext;
  readonly #onReady: () => void;
  readonly #onRefused: OnRefused;
  readonly #supervised: SupervisedChannel;
  readonly #entries = new Map<string, NotificationQueue>();

  /** @param onReady called when what waits for a queue can be published */
  constructor(context: RabbitContext, onReady: () => void, onRefused: OnRefused) {
    this.#context = context;
    this.#onReady = onReady;
    this.#onRefused = onRefused;
    const { connection, logger } = context;
    this.#supervised = new SupervisedChannel({
      connection,
      name: 'queues of notifications',
      logger,
      open: (model) => model.createChannel(),
    });
    this.#supervised.on('ready', (channel) => {
      for (const entry of this.#entries.values()) void this.#declare(channel, entry);
    });
    this.#supervised.on('lost', () => {
      for (const entry of this.#entries.values()) entry.declaring = false;
    });
    connection.on('disconnected', this.#onDisconnected);
  }

  /** The queue, which is declared if it was not yet. */
  get(spec: QueueSpec): NotificationQueue {
    const key = keyOf(spec);
    const entry = this.#entries.get(key) ?? { spec, ready: false, declaring: false };
    this.#entries.set(key, entry);
    this.#supervised.start();
    const channel = this.#supervised.current;
    if (channel !== undefined) void this.#declare(channel, entry);
    return entry;
  }

  /** The broker had no such queue, though it was declared: somebody has deleted it, or its binding. */
  renew(queue: NotificationQueue): NotificationQueue {
    queue.ready = false;
    return this.get(queue.spec);
  }

  close(): void {
    this.#supervised.stop();
    this.#context.connection.off('disconnected', this.#onDisconnected);
  }

  /** Unless it is. Does not reject. */
  async #declare(channel: Channel, entry: NotificationQueue): Promise<void> {
    if (entry.ready || entry.declaring) return;
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
    this.#onReady();
  }

  #onError(entry: NotificationQueue, error: unknown): void {
    const code = amqpCode(error);
    const isFinal = error instanceof TopologyMismatch || error instanceof NameTooLong;
    // The channel was lost for another reason, or there is another way: the queue is declared on the next one.
    if (code === undefined && !isFinal) return;
    // The node that has a durable queue may be down for a while.
    const transient = code === NOT_FOUND;
    if (!transient) this.#entries.delete(keyOf(entry.spec));
    this.#onRefused(entry, refusal(entry.spec, error), transient);
  }

  /** The broker may come back without its queues. */
  readonly #onDisconnected = (): void => {
    for (const entry of this.#entries.values()) entry.ready = false;
  };
}

function keyOf({ binding, name }: QueueSpec): string {
  return `${binding?.exchange.name}/${name}`;
}

function refusal(queue: QueueSpec, cause: unknown): MessageDeliveryFailure {
  if (cause instanceof TopologyMismatch) return cause;
  const text = `RabbitMQ has refused queue "${queue.name}": ${errorText(cause)}`;
  return new MessageDeliveryFailure(text, { cause });
}

/** A notification that the publisher holds. */
interface Sending {
  readonly queue: NotificationQueue;
  readonly body: Buffer;
  readonly retry: number;
  publication?: Publication;
  resolve(): void;
  reject(error: MessagingError): void;
}

/** Publishes notifications, confirmed, each into a queue that is there to keep it. */
export class NotificationPublisher {
  readonly #context: RabbitContext;
  readonly #publisher: Publisher;
  readonly #queues: NotificationQueues;
  readonly #pending = new Set<Sending>();
  readonly #outbox: Outbox;

  constructor(context: RabbitContext) {
    this.#context = context;
    this.#outbox = new Outbox(context.limits.outboxBytes);
    this.#publisher = new Publisher(context, 'notifications');
    this.#queues = new NotificationQueues(
      context,
      () => this.#publisher.flush(),
      (queue, error, transient) => this.#onRefused(queue, error, transient),
    );
  }

  /** See `NotificationDriver.notify`. @throws Overloaded when too much waits to be confirmed */
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
    const { queue, body, retry } = sending;
    const { name, binding } = queue.spec;
    this.#pending.add(sending);
    sending.publication = this.#publisher.publish({
      exchange: binding?.exchange,
      routingKey: name,
      body,
      retry,
      mandatory: true,
      gate: queue,
      done: (error) => {
        this.#pending.delete(sending);
        if (error instanceof MessageUndeliverable) {
          this.#send({ ...sending, queue: this.#queues.renew(queue) });
        } else if (error !== undefined) sending.reject(error);
        else sending.resolve();
      },
    });
  }

  #onRefused(queue: NotificationQueue, error: MessageDeliveryFailure, transient: boolean): void {
    for (const sending of [...this.#pending]) {
      const { publication } = sending;
      if (sending.queue !== queue || publication === undefined) continue;
      if (transient && !publication.fails()) continue;
      this.#pending.delete(sending);
      this.#publisher.cancel(publication);
      sending.reject(error);
    }
  }
}
