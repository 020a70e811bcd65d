import { MessageDeliveryFailure, TopologyMismatch } from '../../../errors.ts';
import { ACCESS_REFUSED, amqpCode, PRECONDITION_FAILED } from '../connection/amqp-error.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import type { QueueConsumer } from './consumer.ts';

export interface Starting {
  consumer: QueueConsumer;
  /** Names the consumers when the broker refuses them. */
  title: string;
  /** The consumer's own: closed with it. */
  connection: BrokerConnection;
  /** Ends the consumer and its connection. Called when the start fails or is given up. */
  close(): Promise<void>;
}

/**
 * Starts a listener's consumer. Resolves once all queues are consumed, however long the broker takes to come.
 *
 * @throws TopologyMismatch when a queue or exchange exists with other properties
 * @throws MessageDeliveryFailure when the broker refuses a queue, or when the listener is stopped, or given up by
 *   `signal`, first
 */
export async function startConsuming(starting: Starting, signal?: AbortSignal): Promise<void> {
  const giveUp = (): void => void starting.close();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal?.aborted) throw stoppedEarly();
    await firstReady(starting);
  } catch (error) {
    await starting.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

function firstReady({ consumer, connection, title }: Starting): Promise<void> {
  return new Promise((resolve, reject) => {
    consumer.channel.once('ready', () => resolve());
    consumer.channel.on('refused', (error) => {
      if (isPermanent(error)) reject(refused(title, error));
    });
    connection.once('closed', () => reject(stoppedEarly()));
    consumer.start();
  });
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

function refused(title: string, cause: Error): MessageDeliveryFailure {
  if (cause instanceof TopologyMismatch) return cause;
  return new MessageDeliveryFailure(`RabbitMQ has refused to set up ${title}: ${cause.message}`, { cause });
}
