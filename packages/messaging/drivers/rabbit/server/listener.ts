import type { TransportEvent } from '../../../hooks.ts';
import type { Logger } from '../../../logger.ts';
import { within } from '../../../waits.ts';
import type { IncomingMessage, ListenOptions } from '../../driver.ts';
import { type BrokerConnection, CLOSE_TIMEOUT } from '../connection/connection.ts';
import { QueueConsumer } from '../consume/consumer.ts';
import { ConnectedListener } from '../consume/start-and-stop.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import type { ServerQueues } from '../topology/topology.ts';
import { AckAfter, AckBefore } from './acknowledging.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';
import { Intake } from './intake.ts';
import type { ReplySender } from './reply-sender.ts';
import { Retries } from './retries.ts';

/** What all parts of one server share. */
export interface ServerContext {
  logger: Logger;
  queues: ServerQueues;
  replies: ReplySender;
  /** Tells the transport's hooks what became of a request. */
  tell(type: TransportEvent['type'], request: RabbitIncomingMessage, more?: object): void;
}

export interface ListenerOptions extends ListenOptions {
  /** Of its connection. */
  name: string;
  queues: ServerQueues;
  replies: ReplySender;
  onMessage(incoming: IncomingMessage): void;
  onStopped(): void;
}

/**
 * Unacknowledged requests that each consumer holds when there is no limit to what runs at once: 1,000 with the default
 * limit of bytes, and fewer with a lower one. What waits is then about as much as what runs, up to this mean size.
 */
const MEAN_SIZE = 64 * 1024;
const PREFETCH_MIN = 10;
const PREFETCH_MAX = 1_000;
const DELIVERY_LIMIT = 5;
/** How long (ms) a listener that closes waits for requests that must be acknowledged after they have run. */
const RUN_TIMEOUT = 1_000;

/** Consumes the requests to one server, over a connection of its own. */
export class RabbitListener extends ConnectedListener {
  protected readonly title = 'the consumers';
  protected readonly connection: BrokerConnection;
  protected readonly consumer: QueueConsumer;
  readonly #options: ListenerOptions;
  readonly #intake: Intake;
  readonly #retries: Retries;

  constructor(context: RabbitContext, options: ListenerOptions) {
    super();
    this.#options = options;
    const { queues, replies, onMessage, prefetch = context.settings.rabbitQosPrefetchCount } = options;
    const { logger, limits, onEvent } = context;
    const connection = context.newConnection(options.name);
    this.connection = connection;
    const server: ServerContext = {
      logger,
      queues,
      replies,
      tell: (type, { queue, message, attempt }, more) =>
        onEvent?.({ type, data: { queue, method: message.method, attempt, ...more } }),
    };
    this.#retries = new Retries(server, connection);
    const acknowledging =
      options.ackPolicy === 'after'
        ? new AckAfter(server, this.#retries, options.deliveryLimit ?? DELIVERY_LIMIT)
        : new AckBefore(server);
    this.#intake = new Intake(server, acknowledging, { prefetch, bytes: limits.intakeBytes, onMessage });
    this.consumer = new QueueConsumer(context, {
      connection,
      queues: [queues.topic, queues.own, queues.fanout],
      prefetch: prefetch === 0 ? prefetchFor(limits.intakeBytes) : prefetch,
      room: () => this.#intake.room(),
      onBatch: this.#intake.take,
      onRestart: (queue, reason) => onEvent?.({ type: 'consumer_cancelled', data: { queue, reason } }),
    });
    this.consumer.channel.on('lost', () => {
      // While it stops, the channel is still there, and one acknowledgement covers all that came before it.
      if (!this.stopping) this.#intake.forgetWaiting();
    });
  }

  /** Of what runs, and is to be acknowledged when it has, the broker delivers again what takes too long. */
  override async close(): Promise<void> {
    await this.stop();
    if (this.connection.state === 'connected') await within(RUN_TIMEOUT, this.#intake.idle());
    await this.release();
  }

  /** With ackPolicy `after`, the connection stays until what runs is acknowledged. */
  protected async cancel(): Promise<void> {
    await this.consumer.stop();
    this.#intake.stop();
    if (this.#options.ackPolicy !== 'after') await this.release();
    else void this.#intake.idle().then(() => this.release());
  }

  protected async closeConnection(): Promise<void> {
    await this.#retries.close(this.connection.state === 'connected' ? CLOSE_TIMEOUT : 0);
    if (this.#options.ackPolicy === 'after') await this.consumer.finish();
    await this.connection.close();
    this.#options.onStopped();
  }
}

function prefetchFor(bytes: number): number {
  return Math.min(Math.max(Math.round(bytes / MEAN_SIZE), PREFETCH_MIN), PREFETCH_MAX);
}
