import { setTimeout as sleep } from 'node:timers/promises';
import { MessageDeliveryFailure, TopologyMismatch } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { onAbort, within } from '../../../waits.ts';
import type { Listener } from '../../driver.ts';
import { ACCESS_REFUSED, amqpCode, errorText, PRECONDITION_FAILED } from '../connection/amqp-error.ts';
import { withChannel } from '../connection/channel.ts';
import { type BrokerConnection, eventOf } from '../connection/connection.ts';
import type { QueueConsumer } from './consumer.ts';

/** A listener with a connection of its own, which stays after `stop` while something is to be acknowledged. */
export abstract class ConnectedListener implements Listener {
  protected stopping = false;
  #stopped: Promise<void> | undefined;
  #released: Promise<void> | undefined;

  /**
   * Resolves once all queues are consumed, however long the broker takes to come.
   *
   * @throws TopologyMismatch when a queue or exchange exists with other properties
   * @throws MessageDeliveryFailure when the broker refuses a queue, or when the listener is stopped, or given up by
   *   `signal`, first
   */
  async start(signal?: AbortSignal): Promise<void> {
    const stopListening = signal && onAbort(signal, () => void this.close());
    try {
      if (signal?.aborted) throw stoppedEarly();
      await this.#firstReady();
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      stopListening?.();
    }
  }

  /** See `QueueConsumer.whenReady`. */
  whenReady(signal: AbortSignal): Promise<void> {
    return this.consumer.whenReady(signal);
  }

  /** Takes nothing more. Idempotent. */
  stop(): Promise<void> {
    this.stopping = true;
    this.#stopped ??= this.cancel();
    return this.#stopped;
  }

  /** Stops, and closes the connection: the broker delivers again what is not acknowledged. Idempotent. */
  async close(): Promise<void> {
    await this.stop();
    await this.release();
  }

  protected release(): Promise<void> {
    this.#released ??= this.closeConnection();
    return this.#released;
  }

  /** Names the consumers when the broker refuses them. */
  protected abstract readonly title: string;
  protected abstract readonly consumer: QueueConsumer;
  protected abstract readonly connection: BrokerConnection;
  /** Cancels the consumers; releases the connection when, or as soon as, nothing is to be acknowledged. Called once. */
  protected abstract cancel(): Promise<void>;
  /** Called once. */
  protected abstract closeConnection(): Promise<void>;

  #firstReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.consumer.channel.once('ready', () => resolve());
      this.consumer.channel.on('refused', (error) => {
        if (isPermanent(error)) reject(refused(this.title, error));
      });
      this.connection.once('closed', () => reject(stoppedEarly()));
      this.consumer.channel.start();
    });
  }
}

/** What trying again does not mend: a queue that is another, or not ours; without a code, a name that cannot be sent. */
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

/** Milliseconds between two tries: a connection is noticed to be lost a moment after its channels. */
const PAUSE = 20;

/**
 * Deletes queues over a channel of its own, as soon as the connection is there, if that is within so many
 * milliseconds; it takes no longer. What the broker cannot be told stays there until it expires (x-expires). Does not
 * reject.
 */
export async function removeQueues(
  connection: BrokerConnection,
  names: readonly string[],
  milliseconds: number,
  logger: Logger,
): Promise<void> {
  const removing = tryToRemove(connection, names, AbortSignal.timeout(milliseconds), logger);
  // The library never answers some requests whose connection is lost.
  const removed = (await within(milliseconds, removing)) && (await removing);
  if (!removed) leaveToExpire(names, 'RabbitMQ could not be reached to delete them', logger);
}

/** Tells that nothing more is done for the queues. */
export function leaveToExpire(names: readonly string[], reason: string, logger: Logger): void {
  if (names.length > 0) logger.info({ queues: names }, `queues left to expire: ${reason}`);
}

/** True when nothing is left to be done. */
async function tryToRemove(
  connection: BrokerConnection,
  names: readonly string[],
  signal: AbortSignal,
  logger: Logger,
): Promise<boolean> {
  while (!signal.aborted) {
    if (connection.state === 'connecting' || connection.state === 'waiting') {
      const events = ['connected', 'closed'].map((event) => [connection, event] as const);
      await eventOf(events, signal);
    }
    const { model } = connection;
    if (model === undefined) break;
    try {
      await withChannel(model.createChannel(), async (channel) => {
        // A queue that is missing is no fault.
        for (const name of names) await channel.deleteQueue(name);
      });
      return true;
    } catch (error) {
      logger.debug({ queues: names, reason: errorText(error) }, 'queues not deleted');
      // The broker refuses it. Otherwise the connection was lost.
      if (amqpCode(error) !== undefined) return true;
    }
    await sleep(PAUSE);
  }
  return false;
}
