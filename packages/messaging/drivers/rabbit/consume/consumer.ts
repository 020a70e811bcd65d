import type { Channel } from 'amqplib';
import { MessageDeliveryFailure } from '../../../errors.ts';
import { within } from '../../../waits.ts';
import { errorText } from '../connection/amqp-error.ts';
import { SupervisedChannel } from '../connection/channel.ts';
import { type BrokerConnection, CLOSE_TIMEOUT, eventOf, notConnected } from '../connection/connection.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import { declareQueue } from '../topology/declaring.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { acknowledge, type ConsumedQueue, type Delivery, shortenWay, Unpacking } from './delivery.ts';
import { QueueProbe } from './probe.ts';
import { leaveToExpire, removeQueues } from './start-and-stop.ts';

interface CommonOptions {
  connection: BrokerConnection;
  /** Names the purpose in logs. Default: the connection's. */
  name?: string;
  queues: readonly QueueSpec[];
  /** How many unacknowledged messages the broker sends ahead to each consumer; 0: no limit. */
  prefetch: number;
  /** Resolves when there is room for another message that is to be unpacked. Absent: there always is. */
  room?: () => Promise<void>;
  /** Called when the consumers are made again for a reason other than a lost connection. */
  onRestart?(queue: string, reason: string): void;
}

/** What becomes of the messages. */
type Receiver =
  /** Takes one message, which is acknowledged soon afterwards: it may come again when the connection is lost. */
  | { onDelivery(delivery: Delivery): void; onBatch?: undefined }
  /** Takes the messages of one read of the socket, and acknowledges them itself. */
  | { onBatch(batch: Delivery[]): void; onDelivery?: undefined };

export type ConsumerOptions = CommonOptions & Receiver;

/** How long (ms) a consumer that is stopped on its way back waits for the broker, to delete its queues there. */
const REMOVE_TIMEOUT = 1_000;
/** For how long (ms) messages that were handed over may stay unacknowledged: one frame then does it for all. */
const ACKNOWLEDGE_AFTER = 10;

/**
 * Consumes queues over one channel, and declares and consumes them again whenever the broker cancels a consumer,
 * the channel or the connection is lost, or a look at the queues shows that nothing comes any more.
 *
 * What one read of the socket brings is handed over in one go.
 */
export class QueueConsumer {
  /** Emits `ready`, `lost` and `refused`. */
  readonly channel: SupervisedChannel;
  readonly #context: RabbitContext;
  readonly #options: ConsumerOptions;
  readonly #name: string;
  #probe: QueueProbe | undefined;
  #queues: ConsumedQueue[] = [];
  #batch: Delivery[] = [];
  readonly #unpacking: Unpacking;
  /** The last message that was handed over and is not acknowledged. */
  #unacknowledged: Delivery | undefined;
  /** The last set-up of a channel; undefined: the broker was never asked to declare anything. */
  #settingUp: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  /** Whether its consumers are, or are being, cancelled; what they have delivered can still be acknowledged. */
  #cancelled: Channel | undefined;
  /** It was stopped, and the broker has not cancelled its consumers in time. */
  #outOfTime = false;

  constructor(context: RabbitContext, options: ConsumerOptions) {
    const { connection, name = connection.name } = options;
    this.#context = context;
    this.#options = options;
    this.#name = name;
    this.channel = new SupervisedChannel({
      connection,
      name,
      logger: context.logger,
      open: (model) => model.createChannel(),
      setUp: (channel) => this.#setUp(channel),
    });
    // As many as ask at once whether it is ready.
    this.channel.setMaxListeners(0);
    this.channel.on('ready', (channel) => {
      const restart = (queue: string, reason: string): void => this.#restart(channel, queue, reason);
      this.#probe = new QueueProbe({
        ...options,
        logger: context.logger,
        channel,
        queues: this.#queues,
        restart,
      });
    });
    this.#unpacking = new Unpacking((batch) => this.#handOver(batch), options.room);
    this.channel.on('lost', () => {
      this.#probe?.stop();
      // The broker delivers it again.
      if (this.#stopped === undefined) this.#unpacking.forget();
    });
  }

  /** True while all queues are declared and consumed. */
  get ready(): boolean {
    return this.channel.current !== undefined;
  }

  /** Resolves once all queues are consumed, or it is stopped. @throws MessageDeliveryFailure when `signal` fires */
  async whenReady(signal: AbortSignal): Promise<void> {
    const { connection } = this.#options;
    while (!this.ready && this.#stopped === undefined) {
      if (signal.aborted) throw this.#notReady();
      await eventOf(
        [
          [this.channel, 'ready'],
          [connection, 'closed'],
        ],
        signal,
      );
    }
  }

  #notReady(): MessageDeliveryFailure {
    const { connection } = this.#options;
    if (connection.state !== 'connected') return notConnected(connection);
    const { refusal } = this.channel;
    const reason = refusal === undefined ? 'RabbitMQ has not set them up yet' : errorText(refusal);
    return new MessageDeliveryFailure(`The queues of ${this.#name} are not consumed: ${reason}`, {
      cause: refusal,
    });
  }

  /**
   * Cancels the consumers at the broker, hands over what it had delivered, and deletes the queues that nobody
   * else uses, if `deleteTransient`. While the connection is being made again, it is waited for, for a second at the
   * most: at a broker that stays away, such queues stay until they expire. Takes bounded time. Idempotent.
   */
  stop(deleteTransient = true): Promise<void> {
    this.#stopped ??= this.#cancel(deleteTransient);
    return this.#stopped;
  }

  /**
   * After `stop`, and before the connection is closed: resolves when the broker has all acknowledgements, or does
   * not answer. The library sends a connection's end ahead of what its channels have just written.
   */
  async finish(): Promise<void> {
    const channel = this.#cancelled;
    // A channel that has gone with its connection fails: what was not acknowledged is delivered again.
    if (channel !== undefined)
      await within(
        CLOSE_TIMEOUT,
        channel.close().catch(() => {}),
      );
  }

  async #cancel(deleteTransient: boolean): Promise<void> {
    const channel = this.channel.current;
    this.channel.stop();
    this.#probe?.stop();
    const transient = this.#options.queues.filter((queue) => deleteTransient && queue.transient);
    const names = transient.map(({ name }) => name);
    if (channel === undefined) await this.#remove(names);
    else {
      this.#cancelled = channel;
      if (await within(CLOSE_TIMEOUT, this.#cancelOn(channel, names))) return;
      this.#outOfTime = true;
      leaveToExpire(names, 'there was no time to delete them', this.#context.logger);
    }
  }

  async #cancelOn(channel: Channel, names: readonly string[]): Promise<void> {
    try {
      for (const { consumerTag } of this.#queues) if (consumerTag) await channel.cancel(consumerTag);
      this.#flush();
      await this.#unpacking.done();
      this.#acknowledge();
      for (const name of names) await channel.deleteQueue(name);
    } catch (error) {
      // The channel has gone meanwhile, and the consumers with it.
      this.#cancelled = undefined;
      this.#context.logger.debug({ consumer: this.#name, err: error }, 'consumers not cancelled');
      if (!this.#outOfTime) await this.#remove(names);
    }
  }

  /** Deletes what an earlier channel has declared, or is declaring. */
  async #remove(names: readonly string[]): Promise<void> {
    if (names.length === 0 || this.#settingUp === undefined) return;
    // Otherwise it could declare them afterwards.
    await within(REMOVE_TIMEOUT, this.#settingUp);
    await removeQueues(this.#options.connection, names, REMOVE_TIMEOUT, this.#context.logger);
  }

  async #setUp(channel: Channel): Promise<void> {
    shortenWay(channel);
    const settingUp = this.#consumeAll(channel);
    this.#settingUp = settingUp.catch(() => {});
    await settingUp;
  }

  async #consumeAll(channel: Channel): Promise<void> {
    const { prefetch, queues } = this.#options;
    if (prefetch > 0) await channel.prefetch(prefetch);
    this.#queues = queues.map((spec) => ({ spec, received: 0, unacknowledged: 0 }));
    for (const queue of this.#queues) {
      if (this.#stopped !== undefined) return;
      const { name } = queue.spec;
      await declareQueue(channel, queue.spec, this.#context.fallbacks);
      const consumer = await channel.consume(name, (message) => {
        if (message === null) this.#restart(channel, name, 'RabbitMQ has cancelled its consumer');
        else this.#collect({ channel, message, queue });
      });
      queue.consumerTag = consumer.consumerTag;
    }
  }

  /** Closes the channel, so that everything is set up again on another. */
  #restart(channel: Channel, queue: string, reason: string): void {
    this.#context.logger.warn({ queue, reason }, 'consuming a queue again');
    this.#options.onRestart?.(queue, reason);
    // After the flush of what came before: it cannot be acknowledged once the channel is closing.
    queueMicrotask(() => {
      // It fails when the channel is closed already, and then a new one is on its way.
      channel.close().catch(() => {});
    });
  }

  #collect(delivery: Delivery): void {
    const { queue } = delivery;
    queue.received += 1;
    queue.unacknowledged += 1;
    this.#batch.push(delivery);
    // The library emits all messages of one read in one go, so this comes after the last of them.
    if (this.#batch.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    if (this.#unpacking.takes(batch)) return;
    this.#handOver(batch);
  }

  #handOver(batch: Delivery[]): void {
    const last = batch.at(-1);
    if (last === undefined) return;
    const { onBatch, onDelivery } = this.#options;
    if (onBatch !== undefined) {
      onBatch(batch);
      return;
    }
    if (this.#unacknowledged === undefined) setTimeout(this.#acknowledge, ACKNOWLEDGE_AFTER);
    this.#unacknowledged = last;
    for (const delivery of batch) {
      const { queue } = delivery;
      queue.unacknowledged -= 1;
      try {
        onDelivery(delivery);
      } catch (error) {
        // A bug in the receiver of one message must not affect the other messages of the batch.
        this.#context.logger.error(
          { queue: queue.spec.name, err: error },
          'a delivered message was not handled',
        );
      }
    }
  }

  readonly #acknowledge = (): void => {
    const last = this.#unacknowledged;
    if (last === undefined) return;
    this.#unacknowledged = undefined;
    // On a channel that has closed meanwhile there is nothing to acknowledge.
    acknowledge(last.channel, last.message.fields.deliveryTag, true);
  };
}
