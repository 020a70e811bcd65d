import { MessageDeliveryFailure } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { IncomingMessage, Listener } from '../driver.ts';
import { ACCESS_REFUSED, amqpCode, PRECONDITION_FAILED } from './amqp-error.ts';
import type { BrokerConnection } from './connection.ts';
import { QueueConsumer } from './consumer.ts';
import { DuplicateFilter } from './duplicate-filter.ts';
import { RabbitIncomingMessage } from './incoming-message.ts';
import { openOrLog } from './open-or-log.ts';
import type { ReplySender } from './reply-sender.ts';
import type { QueueSpec } from './topology.ts';
import { decodeRequest } from './wire-message.ts';

export interface ListenerOptions {
  /** The listener's own: closed with it. */
  connection: BrokerConnection;
  queues: readonly QueueSpec[];
  prefetch: number;
  replies: ReplySender;
  logger: Logger;
  onMessage(incoming: IncomingMessage): void;
  onStopped(): void;
}

/** Consumes the requests to one server, over a connection of its own. */
export class RabbitListener implements Listener {
  readonly #options: ListenerOptions;
  readonly #consumer: QueueConsumer;
  readonly #seen = new DuplicateFilter();
  #stopped: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#consumer = new QueueConsumer({
      connection: options.connection,
      name: options.connection.name,
      queues: options.queues,
      prefetch: options.prefetch,
      logger: options.logger,
      onDelivery: (body, queue) => this.#receive(body, queue),
    });
  }

  /**
   * Resolves once all queues are consumed, however long the broker takes to come.
   * @throws MessageDeliveryFailure when it refuses a queue, or when the listener is stopped, or given up by
   *   `signal`, first
   */
  async start(signal?: AbortSignal): Promise<void> {
    const giveUp = (): void => void this.stop();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      if (signal?.aborted) throw stoppedEarly();
      await this.#firstReady();
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  #firstReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { channel } = this.#consumer;
      channel.once('ready', () => resolve());
      channel.on('refused', (error) => {
        if (isPermanent(error)) reject(refused(error));
      });
      this.#options.connection.once('closed', () => reject(stoppedEarly()));
      this.#consumer.start();
    });
  }

  async #shutDown(): Promise<void> {
    await this.#consumer.stop();
    await this.#options.connection.close();
    this.#options.onStopped();
  }

  #receive(body: Buffer, queue: string): void {
    const { logger, replies, onMessage } = this.#options;
    const request = openOrLog(decodeRequest, body, queue, logger);
    if (request === undefined) return;
    if (request.uniqueId !== undefined && !this.#seen.add(request.uniqueId)) {
      logger.debug({ queue, uniqueId: request.uniqueId }, 'message dropped: it has come before');
      return;
    }
    onMessage(new RabbitIncomingMessage(request, replies));
  }
}

/**
 * What trying again does not change: a queue of that name is declared otherwise, or is not ours to use; or, without
 * a code of the broker's, its name cannot be sent at all.
 */
function isPermanent(error: Error): boolean {
  const code = amqpCode(error);
  return code === ACCESS_REFUSED || code === PRECONDITION_FAILED || code === undefined;
}

function stoppedEarly(): MessageDeliveryFailure {
  return new MessageDeliveryFailure('The listener was stopped before RabbitMQ could be reached');
}

function refused(cause: Error): MessageDeliveryFailure {
  return new MessageDeliveryFailure(`RabbitMQ has refused to set up the consumers: ${cause.message}`, {
    cause,
  });
}
