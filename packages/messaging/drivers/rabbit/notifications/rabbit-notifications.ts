import { MessageDeliveryFailure } from '../../../errors.ts';
import type { Listener } from '../../driver.ts';
import {
  DEFAULT_PREFETCH,
  type IncomingNotification,
  type NotificationDriver,
  type NotificationListenOptions,
  type NotificationTopic,
  type OutgoingNotification,
} from '../../notification-driver.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import { RabbitDriver } from '../rabbit-driver.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { NotificationListener } from './notification-listener.ts';
import { NotificationPublisher } from './notification-publisher.ts';

/** Notifications over RabbitMQ, on oslo.messaging's wire. Opens nothing until it is used. */
export class RabbitNotifications implements NotificationDriver {
  readonly #context: RabbitContext;
  readonly #listeners = new Set<NotificationListener>();
  #publisher: NotificationPublisher | undefined;
  #closed: Promise<void> | undefined;

  constructor(context: RabbitContext) {
    this.#context = context;
  }

  async notify(notification: OutgoingNotification): Promise<void> {
    this.#checkOpen();
    this.#publisher ??= new NotificationPublisher(this.#context);
    await this.#publisher.publish(notification);
  }

  async listen(
    topics: readonly NotificationTopic[],
    onNotification: (incoming: IncomingNotification) => void,
    { signal, pool, prefetch }: NotificationListenOptions,
  ): Promise<Listener> {
    this.#checkOpen();
    const { newConnection, settings } = this.#context;
    const listener: NotificationListener = new NotificationListener(this.#context, {
      connection: newConnection(`notifications${pool === undefined ? '' : ` of pool ${pool}`}`),
      queues: topics.map((topic) => this.#queue(topic, pool)),
      prefetch: prefetch ?? (settings.rabbitQosPrefetchCount || DEFAULT_PREFETCH),
      onNotification,
      onReleased: () => this.#listeners.delete(listener),
    });
    this.#listeners.add(listener);
    await listener.start(signal);
    return listener;
  }

  /** Resolves once all listeners are ready. @throws MessageDeliveryFailure as `QueueConsumer.whenReady` */
  async whenReady(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#listeners].map((listener) => listener.whenReady(signal)));
  }

  /** Notifications that are held come again, to another listener. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    await this.#publisher?.close();
  }

  /** The topic's own queue, or the pool's, to which each topic is bound. */
  #queue(
    { exchange = this.#context.controlExchange, topic, priority }: NotificationTopic,
    pool?: string,
  ): QueueSpec {
    const key = `${topic}.${priority}`;
    const queue = this.#context.topology.topicQueue(exchange, key);
    return pool === undefined ? queue : { ...queue, name: pool };
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new MessageDeliveryFailure('The transport is closed');
  }
}

RabbitDriver.newNotifications = (context) => new RabbitNotifications(context);
