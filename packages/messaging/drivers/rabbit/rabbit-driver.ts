import { basename } from 'node:path';
import { InvalidTarget, MessageDeliveryFailure } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Target } from '../../target.ts';
import type { TransportUrl } from '../../transport-url.ts';
import type {
  Driver,
  DriverContext,
  IncomingMessage,
  Listener,
  ListenOptions,
  Reply,
  Request,
  SendOptions,
} from '../driver.ts';
import { RequestClient } from './client/request-client.ts';
import { type BrokerAddress, brokerAddresses } from './connection/broker-address.ts';
import { BrokerConnection, whenConnected } from './connection/connection.ts';
import { RabbitNotifications } from './notifications/rabbit-notifications.ts';
import type { Confirms } from './publish/confirmations.ts';
import { Publisher } from './publish/publisher.ts';
import { type RabbitSettings, rabbitSettings } from './rabbit-options.ts';
import { RabbitListener } from './server/listener.ts';
import { ReplySender } from './server/reply-sender.ts';
import { ExchangeFallbacks } from './topology/declaring.ts';
import { Topology } from './topology/topology.ts';

/**
 * RabbitMQ, on oslo.messaging's wire.
 *
 * One connection publishes everything (requests, fanouts and replies) and consumes the one reply queue; each
 * listener has a connection of its own. They are opened when first used and made again whenever they are lost.
 */
export class RabbitDriver implements Driver {
  readonly notifications: RabbitNotifications;
  readonly #context: DriverContext;
  readonly #fallbacks: ExchangeFallbacks;
  readonly #controlExchange: string;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #settings: RabbitSettings;
  readonly #addresses: BrokerAddress[];
  readonly #topology: Topology;
  readonly #connection: BrokerConnection;
  /** Of what somebody waits for: requests of calls, and replies. */
  readonly #publisher: Publisher;
  readonly #casts: Publisher;
  /** Apart, because a fanout exchange goes with its last queue, and publishing to it then costs the channel. */
  readonly #fanouts: Publisher;
  readonly #client: RequestClient;
  readonly #replySender: ReplySender;
  readonly #listeners = new Set<RabbitListener>();
  #closed: Promise<void> | undefined;

  /**
   * Opens nothing yet.
   * @throws DriverLoadFailure when an option is out of range or a TLS file cannot be read
   */
  constructor(url: TransportUrl, context: DriverContext) {
    const { logger } = context;
    this.#context = context;
    this.#fallbacks = new ExchangeFallbacks(logger);
    this.#controlExchange = context.controlExchange;
    this.#name = [context.name || basename(process.argv[1] ?? 'node'), process.pid].join(':');
    this.#logger = logger;
    this.#settings = rabbitSettings(context.rabbit, url.query);
    this.#addresses = brokerAddresses(url, this.#settings);
    this.#topology = new Topology(this.#settings);
    this.#connection = this.#newConnection('publisher');
    const publishing = {
      connection: this.#connection,
      logger,
      fallbacks: this.#fallbacks,
      compression: this.#settings.kombuCompression,
      onEvent: context.onEvent,
    };
    this.notifications = new RabbitNotifications({
      ...publishing,
      controlExchange: this.#controlExchange,
      topology: this.#topology,
      settings: this.#settings,
      limits: context.limits,
      newConnection: (purpose) => this.#newConnection(purpose),
    });
    this.#publisher = new Publisher({
      ...publishing,
      name: 'calls and replies',
      confirms: callConfirms(this.#settings),
    });
    this.#casts = new Publisher({ ...publishing, name: 'casts' });
    this.#fanouts = new Publisher({ ...publishing, name: 'fanouts' });
    const retryTimeout = this.#settings.kombuMissingConsumerRetryTimeout;
    this.#client = new RequestClient({
      connection: this.#connection,
      publisher: this.#publisher,
      casts: this.#casts,
      fanouts: this.#fanouts,
      topology: this.#topology,
      retryTimeout,
      context,
    });
    this.#replySender = new ReplySender({
      publisher: this.#publisher,
      retryTimeout,
      maxBytes: context.limits.outboxBytes,
      logger,
    });
  }

  send(target: Target, request: Request, options: SendOptions): Promise<Reply | undefined> {
    if (this.#closed !== undefined)
      return Promise.reject(new MessageDeliveryFailure('The transport is closed'));
    const client = this.#client;
    return options.waitForReply
      ? client.call(target, request, options)
      : client.cast(target, request, options);
  }

  async listen(
    target: Target,
    onMessage: (incoming: IncomingMessage) => void,
    options: ListenOptions = {},
  ): Promise<Listener> {
    if (this.#closed !== undefined) throw new MessageDeliveryFailure('The transport is closed');
    const { topic, server } = target;
    if (topic === undefined || server === undefined) {
      throw new InvalidTarget('A server needs a topic and a server name', target);
    }
    const exchange = target.exchange ?? this.#controlExchange;
    const listener: RabbitListener = new RabbitListener({
      connection: this.#newConnection(`${topic}.${server}`),
      queues: this.#topology.serverQueues(exchange, topic, server),
      prefetch: options.prefetch ?? this.#settings.rabbitQosPrefetchCount,
      intakeBytes: this.#context.limits.intakeBytes,
      ackPolicy: options.ackPolicy,
      deliveryLimit: options.deliveryLimit,
      replies: this.#replySender,
      fallbacks: this.#fallbacks,
      logger: this.#logger,
      onEvent: this.#context.onEvent,
      onMessage,
      onStopped: () => this.#listeners.delete(listener),
    });
    this.#listeners.add(listener);
    // The first sign of life must not wait for a connection, while the endpoint may keep this process busy.
    this.#publisher.connect();
    await listener.start(options.signal);
    return listener;
  }

  /** The connection that publishes, and those of the listeners; those of listeners that end meanwhile do not count. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#closed !== undefined) throw new MessageDeliveryFailure('The transport is closed');
    this.#publisher.connect();
    const listeners = [...this.#listeners, this.notifications];
    await Promise.all([
      whenConnected(this.#connection, signal),
      ...listeners.map((listener) => listener.whenReady(signal)),
    ]);
  }

  flush(): Promise<void> {
    return this.#replySender.flush();
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    this.#client.failCalls();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    const publishers = [this.#publisher, this.#casts, this.#fanouts, this.notifications];
    await Promise.all(publishers.map((publisher) => publisher.close()));
    await this.#client.close();
    this.#replySender.close();
    await this.#connection.close();
  }

  #newConnection(purpose: string): BrokerConnection {
    const connection = new BrokerConnection({
      name: `${this.#name}:${purpose}`,
      addresses: this.#addresses,
      settings: this.#settings,
      logger: this.#logger,
      onEvent: this.#context.onEvent,
    });
    // Each of its channels listens to it: more than Node.js takes for a leak, but not without bounds.
    connection.setMaxListeners(0);
    return connection;
  }
}

/** Queues that outlive a node may be moving to another: only their own confirmation tells that they have a message. */
function callConfirms({
  amqpDurableQueues,
  rabbitQuorumQueue,
  rabbitTransientQuorumQueue,
}: RabbitSettings): Confirms {
  return amqpDurableQueues || rabbitQuorumQueue || rabbitTransientQuorumQueue ? 'stored' : 'routed';
}
