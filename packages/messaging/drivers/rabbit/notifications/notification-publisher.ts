import { type MessageDeliveryFailure, MessageUndeliverable, type MessagingError } from '../../../errors.ts';
import type { TransportEvent } from '../../../hooks.ts';
import type { Limits } from '../../../limits.ts';
import type { Logger } from '../../../logger.ts';
import type { OutgoingNotification } from '../../notification-driver.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { Outbox } from '../publish/outbox.ts';
import type { Publication } from '../publish/publication.ts';
import { Publisher } from '../publish/publisher.ts';
import type { Compression } from '../rabbit-options.ts';
import type { ExchangeFallbacks } from '../topology/exchange-declaration.ts';
import type { Topology } from '../topology/topology.ts';
import { uniqueId } from '../wire/unique-id.ts';
import { encodeNotification } from './notification-message.ts';
import { type NotificationQueue, NotificationQueues } from './notification-queues.ts';

export interface NotificationPublisherOptions {
  connection: BrokerConnection;
  topology: Topology;
  /** The exchange of notifications that name none. */
  controlExchange: string;
  fallbacks: ExchangeFallbacks;
  compression?: Compression | undefined;
  limits: Limits;
  onEvent?: ((event: TransportEvent) => void) | undefined;
  logger: Logger;
}

/** A notification that the publisher holds. */
interface Pending {
  queue: NotificationQueue;
  publication: Publication;
  reject(error: MessagingError): void;
}

/** Publishes notifications, confirmed, each into a queue that is there to keep it. */
export class NotificationPublisher {
  readonly #options: NotificationPublisherOptions;
  readonly #publisher: Publisher;
  readonly #queues: NotificationQueues;
  readonly #pending = new Set<Pending>();
  readonly #outbox: Outbox;

  constructor(options: NotificationPublisherOptions) {
    this.#options = options;
    const { connection, fallbacks, logger } = options;
    this.#outbox = new Outbox(options.limits.outboxBytes);
    this.#publisher = new Publisher({ ...options, name: 'notifications' });
    this.#queues = new NotificationQueues({
      connection,
      fallbacks,
      logger,
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
    const { topology, controlExchange } = this.#options;
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
