import { basename } from 'node:path';
import { InvalidTarget, MessageDeliveryFailure, MessageUndeliverable } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Target } from '../../target.ts';
import type { TransportUrl } from '../../transport-url.ts';
import type { Driver, IncomingMessage, Listener, Reply, Request, SendOptions } from '../driver.ts';
import type { DriverContext } from '../driver-registry.ts';
import { type BrokerAddress, brokerAddresses } from './broker-address.ts';
import { BrokerConnection } from './connection.ts';
import { RabbitListener } from './listener.ts';
import type { OutgoingMessage } from './publication.ts';
import { Publisher } from './publisher.ts';
import { type RabbitSettings, rabbitSettings } from './rabbit-options.ts';
import { ReplyConsumer } from './reply-consumer.ts';
import { ReplySender } from './reply-sender.ts';
import { type RequestRoute, requestRoute } from './request-route.ts';
import { ReturnedMessages } from './returned-messages.ts';
import { Topology } from './topology.ts';
import { uniqueId } from './unique-id.ts';
import { encodeRequest } from './wire-message.ts';

/**
 * RabbitMQ, on oslo.messaging's wire.
 *
 * One connection publishes everything (requests, fanouts and replies) and consumes the one reply queue; each
 * listener has a connection of its own. They are opened when first used and made again whenever they are lost.
 */
export class RabbitDriver implements Driver {
  readonly #controlExchange: string;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #settings: RabbitSettings;
  readonly #addresses: BrokerAddress[];
  readonly #topology: Topology;
  readonly #connection: BrokerConnection;
  readonly #publisher: Publisher;
  /** Apart, because a fanout exchange goes with its last queue, and publishing to it then costs the channel. */
  readonly #fanouts: Publisher;
  readonly #returned: ReturnedMessages;
  readonly #replySender: ReplySender;
  readonly #replies: ReplyConsumer;
  readonly #listeners = new Set<RabbitListener>();
  #closed: Promise<void> | undefined;

  constructor(url: TransportUrl, context: DriverContext) {
    const { logger } = context;
    this.#controlExchange = context.controlExchange;
    this.#name = [context.name || basename(process.argv[1] ?? 'node'), process.pid].join(':');
    this.#logger = logger;
    this.#settings = rabbitSettings(context.rabbit, url.query);
    this.#addresses = brokerAddresses(url, this.#settings);
    this.#topology = new Topology(this.#settings);
    this.#connection = this.#newConnection('publisher');
    this.#publisher = new Publisher({ connection: this.#connection, name: 'requests and replies', logger });
    this.#fanouts = new Publisher({ connection: this.#connection, name: 'fanouts', logger });
    const retryTimeout = this.#settings.kombuMissingConsumerRetryTimeout;
    this.#returned = new ReturnedMessages({ publisher: this.#publisher, retryTimeout, logger });
    this.#replySender = new ReplySender(this.#publisher, retryTimeout, logger);
    const queue = this.#topology.replyQueue(uniqueId());
    this.#replies = new ReplyConsumer({ connection: this.#connection, queue, logger });
    this.#replies.onReady(() => this.#publisher.flush());
  }

  async send(target: Target, request: Request, options: SendOptions): Promise<Reply | undefined> {
    if (this.#closed !== undefined) throw new MessageDeliveryFailure('The transport is closed');
    return options.waitForReply ? this.#call(target, request, options) : this.#cast(target, request, options);
  }

  async listen(
    target: Target,
    onMessage: (incoming: IncomingMessage) => void,
    signal?: AbortSignal,
  ): Promise<Listener> {
    if (this.#closed !== undefined) throw new MessageDeliveryFailure('The transport is closed');
    const { topic, server } = target;
    if (topic === undefined || server === undefined) {
      throw new InvalidTarget('A server needs a topic and a server name', target);
    }
    const exchange = target.exchange ?? this.#controlExchange;
    const listener: RabbitListener = new RabbitListener({
      connection: this.#newConnection(`${topic}.${server}`),
      queues: [
        this.#topology.topicQueue(exchange, topic),
        this.#topology.topicQueue(exchange, `${topic}.${server}`),
        this.#topology.fanoutQueue(topic, uniqueId()),
      ],
      prefetch: this.#settings.rabbitQosPrefetchCount,
      replies: this.#replySender,
      logger: this.#logger,
      onMessage,
      onStopped: () => this.#listeners.delete(listener),
    });
    this.#listeners.add(listener);
    await listener.start(signal);
    return listener;
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    const pendingCalls = this.#replies.waiters.size;
    this.#replies.waiters.failAll(
      new MessageDeliveryFailure('The transport was closed before the reply came'),
    );
    await Promise.all([...this.#listeners].map((listener) => listener.stop()));
    await Promise.all([this.#publisher.close(), this.#fanouts.close()]);
    this.#returned.close();
    this.#replySender.close();
    // A queue that a server may still answer to is left to expire: a reply that finds none would be tried again.
    await this.#replies.stop({ deleteQueue: pendingCalls === 0 });
    await this.#connection.close();
  }

  #cast(target: Target, request: Request, options: SendOptions): Promise<undefined> {
    const body = encodeRequest(request, uniqueId());
    const publisher = target.fanout ? this.#fanouts : this.#publisher;
    return new Promise((resolve, reject) => {
      const message: OutgoingMessage = {
        ...this.#route(target),
        body,
        retry: retries(options),
        // A fanout may well have nobody to go to.
        mandatory: !target.fanout,
        done: (error) => {
          if (error instanceof MessageUndeliverable) this.#returned.keep(message);
          else if (error !== undefined) return reject(error);
          resolve(undefined);
        },
      };
      publisher.publish(message);
    });
  }

  #call(target: Target, request: Request, options: SendOptions): Promise<Reply> {
    const { timeout, callMonitorTimeout = null } = options;
    const msgId = uniqueId();
    const body = encodeRequest(request, uniqueId(), {
      msgId,
      replyQueue: this.#replies.queue,
      callMonitorTimeout,
    });
    const route = this.#route(target);
    this.#replies.start();
    return new Promise((resolve, reject) => {
      // Once the call has ended, its request must not be published again.
      let takeBack = (): void => {};
      const waiter = this.#replies.waiters.add({
        msgId,
        callee: () => `the reply of ${request.message.method} from ${target}`,
        timeout,
        callMonitorTimeout,
        onReply: (reply) => {
          takeBack();
          resolve(reply);
        },
        onError: (error) => {
          takeBack();
          reject(error);
        },
      });
      const message: OutgoingMessage = {
        ...route,
        body,
        ...(timeout !== undefined && { expiration: timeout * 1000, createdAt: Date.now() }),
        retry: retries(options),
        mandatory: true,
        gate: this.#replies,
        done: (error) => {
          if (error instanceof MessageUndeliverable) takeBack = this.#returned.keep(message);
          else if (error !== undefined) return waiter.fail(error);
          waiter.startMonitor();
        },
      };
      const publication = this.#publisher.publish(message);
      takeBack = () => publication.cancel();
    });
  }

  #route(target: Target): RequestRoute {
    return requestRoute(target, this.#controlExchange, this.#topology);
  }

  #newConnection(purpose: string): BrokerConnection {
    return new BrokerConnection({
      name: `${this.#name}:${purpose}`,
      addresses: this.#addresses,
      settings: this.#settings,
      logger: this.#logger,
    });
  }
}

function retries({ retry }: SendOptions): number {
  return retry === undefined || retry === null || retry < 0 ? Number.POSITIVE_INFINITY : retry;
}
