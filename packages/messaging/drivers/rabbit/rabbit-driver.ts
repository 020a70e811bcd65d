import { basename } from 'node:path';
import { InvalidTarget, MessageDeliveryFailure } from '../../errors.ts';
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
import { brokerAddresses } from './connection/broker-address.ts';
import { BrokerConnection, whenConnected } from './connection/connection.ts';
import type { RabbitNotifications } from './notifications/rabbit-notifications.ts';
import type { Confirms } from './publish/confirmations.ts';
import { Publisher } from './publish/publisher.ts';
import { type RabbitSettings, rabbitSettings } from './rabbit-options.ts';
import { RabbitListener } from './server/listener.ts';
import { ReplySender } from './server/reply-sender.ts';
import { ExchangeFallbacks } from './topology/declaring.ts';
import { Topology } from './topology/topology.ts';

/** What all parts of one driver share. */
export interface RabbitContext extends DriverContext {
  settings: RabbitSettings;
  topology: Topology;
  /** What the channels of this driver have learnt of its exchanges. */
  fallbacks: ExchangeFallbacks;
  /** The one that publishes everything, and consumes the replies. */
  connection: BrokerConnection;
  /** Makes a listener's connection, which is closed with it. */
  newConnection(purpose: string): BrokerConnection;
}

/**
 * RabbitMQ, on oslo.messaging's wire.
 *
 * One connection publishes everything (requests, fanouts and replies) and consumes the one reply queue; each
 * listener has a connection of its own. They are opened when first used and made again whenever they are lost.
 */
export class RabbitDriver implements Driver {
  /** Set by the module that loads notifications, which a process with RPC only does not load. */
  static newNotifications: ((context: RabbitContext) => RabbitNotifications) | undefined;
  #notifications: RabbitNotifications | undefined;
  readonly #context: RabbitContext;
  /** Of what somebody waits for: requests of calls, and replies. */
  readonly #publisher: Publisher;
  readonly #casts: Publisher;
  /** Apart, because a fanout exchange goes with its last queue, and publishing to it then costs the channel. */
  readonly #fanouts: Publisher;
  readonly #client: RequestClient;
  readonly #replySender: ReplySender;
  readonly #listeners = new Set<RabbitListener>();
  #closed: Promise<void> | undefined;

  /** Opens nothing yet. @throws DriverLoadFailure when an option is out of range or a TLS file cannot be read */
  constructor(url: TransportUrl, given: DriverContext) {
    const { logger, onEvent } = given;
    const settings = rabbitSettings(given.rabbit, url.query);
    const prefix = [given.name || basename(process.argv[1] ?? 'node'), process.pid].join(':');
    const addresses = brokerAddresses(url, settings);
    const newConnection = (purpose: string): BrokerConnection =>
      new BrokerConnection({ name: `${prefix}:${purpose}`, addresses, settings, logger, onEvent });
    const context: RabbitContext = {
      ...given,
      settings,
      topology: new Topology(settings),
      fallbacks: new ExchangeFallbacks(logger),
      connection: newConnection('publisher'),
      newConnection,
    };
    this.#context = context;
    this.#publisher = new Publisher(context, 'calls and replies', callConfirms(settings));
    this.#casts = new Publisher(context, 'casts');
    this.#fanouts = new Publisher(context, 'fanouts');
    this.#client = new RequestClient(context, {
      calls: this.#publisher,
      casts: this.#casts,
      fanouts: this.#fanouts,
    });
    this.#replySender = new ReplySender(this.#publisher, context);
  }

  get notifications(): RabbitNotifications | undefined {
    if (this.#notifications === undefined) {
      this.#notifications = RabbitDriver.newNotifications?.(this.#context);
      if (this.#closed !== undefined) void this.#notifications?.close();
    }
    return this.#notifications;
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
    const { controlExchange, topology } = this.#context;
    const listener: RabbitListener = new RabbitListener(this.#context, {
      ...options,
      name: `${topic}.${server}`,
      queues: topology.serverQueues(target.exchange ?? controlExchange, topic, server),
      replies: this.#replySender,
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
    const listeners = [...this.#listeners, ...(this.#notifications ? [this.#notifications] : [])];
    await Promise.all([
      whenConnected(this.#context.connection, signal),
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
    const publishers = [this.#publisher, this.#casts, this.#fanouts, this.#notifications];
    await Promise.all(publishers.map((publisher) => publisher?.close()));
    await this.#client.close();
    this.#replySender.close();
    await this.#context.connection.close();
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
