import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib';
import { MessageDeliveryFailure, MessageUndeliverable } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { SupervisedChannel } from '../connection/channel.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { declareQueue, type QueueSpec } from '../topology/topology.ts';

/** A message for one queue, as it is. */
export interface RawMessage {
  queue: string;
  /** The queue is declared first. */
  declare?: QueueSpec;
  body: Buffer;
  options: Options.Publish;
}

/** The library cannot encode the message's properties: they may be as large as the broker allows. */
export class NotEncoded extends Error {
  override readonly name = 'NotEncoded';
}

/**
 * Publishes delivered messages again, one after the other, each confirmed, by a channel of its own beside the one
 * that consumed them: when their connection is lost, the broker delivers the originals again.
 */
export class Republisher {
  readonly #supervised: SupervisedChannel<ConfirmChannel>;
  #last: Promise<void> = Promise.resolve();
  #closed = false;
  #giveUp: ((error: Error) => void) | undefined;

  constructor(connection: BrokerConnection, logger: Logger) {
    this.#supervised = new SupervisedChannel({
      connection,
      name: `${connection.name}, again`,
      logger,
      open: (model) => model.createConfirmChannel(),
      setUp: async () => {},
    });
  }

  /**
   * Resolves when the broker has the message.
   *
   * @throws MessageUndeliverable when the queue has gone
   * @throws MessageDeliveryFailure when it was closed meanwhile, or the broker does not take it
   * @throws NotEncoded
   * @throws TopologyMismatch when the queue to declare exists with other properties
   */
  publish(message: RawMessage): Promise<void> {
    const published = this.#last.then(() => this.#publish(message));
    this.#last = published.catch(() => {});
    return published;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** What is under way fails. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#supervised.stop();
    this.#giveUp?.(new MessageDeliveryFailure('The listener was stopped'));
  }

  async #publish({ queue, declare, body, options }: RawMessage): Promise<void> {
    const channel = await this.#channel();
    if (declare !== undefined) await declareQueue(channel, declare);
    let returned = false;
    const onReturn = (): void => {
      returned = true;
    };
    channel.on('return', onReturn);
    try {
      await this.#confirmed((done) => {
        this.#write(channel, { queue, body, options: { ...options, mandatory: true } }, done);
        // A quorum queue may take its time to confirm; a channel that does not answer this is dead.
        channel.prefetch(0).catch(() => {});
      });
    } finally {
      channel.off('return', onReturn);
    }
    if (returned) throw new MessageUndeliverable({ exchange: '', routingKey: queue });
  }

  #write(
    channel: ConfirmChannel,
    { queue, body, options }: RawMessage,
    done: (error: unknown) => void,
  ): void {
    try {
      channel.publish('', queue, body, options, done);
    } catch (error) {
      if (error instanceof IllegalOperationError) throw error;
      // The library has counted it as sent, and so takes the confirmation of each further message for another's.
      this.#supervised.replace();
      throw new NotEncoded('its properties cannot be sent', { cause: error });
    }
  }

  #confirmed(publish: (done: (error: unknown) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      publish((error) => {
        if (error === null) resolve();
        else reject(new MessageDeliveryFailure('RabbitMQ has not taken the message', { cause: error }));
      });
    });
  }

  #channel(): Promise<ConfirmChannel> {
    const { current } = this.#supervised;
    if (this.#closed) return Promise.reject(new MessageDeliveryFailure('The listener was stopped'));
    if (current !== undefined) return Promise.resolve(current);
    this.#supervised.start();
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#supervised.once('ready', resolve);
    });
  }
}
