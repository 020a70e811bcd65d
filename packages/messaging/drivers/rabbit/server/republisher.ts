import type { ConfirmChannel, Options } from 'amqplib';
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
   * @throws TopologyMismatch when the queue to declare exists with other properties
   */
  publish(message: RawMessage): Promise<void> {
    const published = this.#last.then(() => this.#publish(message));
    this.#last = published.catch(() => {});
    return published;
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
        channel.publish('', queue, body, { ...options, mandatory: true }, done);
        // A quorum queue may take its time to confirm; a channel that does not answer this is dead.
        channel.prefetch(0).catch(() => {});
      });
    } finally {
      channel.off('return', onReturn);
    }
    if (returned) throw new MessageUndeliverable({ exchange: '', routingKey: queue });
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
