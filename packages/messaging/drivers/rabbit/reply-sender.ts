import { setTimeout as sleep } from 'node:timers/promises';
import { MessageUndeliverable, type MessagingError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { GoneQueues } from './gone-queues.ts';
import type { OutgoingMessage } from './publication.ts';
import type { MoreProperties } from './publish-options.ts';
import type { Publisher } from './publisher.ts';
import { ReturnedMessages } from './returned-messages.ts';

/** How often (ms) it is tried whether the queue of a caller that takes several results has come back. */
const MISSING_PAUSE = 250;

/**
 * Sends replies to the queues of their callers.
 *
 * A reply whose queue is missing is tried again off the handler's path, for the caller may be about to declare
 * it anew. The queue of a caller that has ended never comes back: once that is clear, further replies to it are
 * dropped at once.
 */
export class ReplySender {
  readonly #publisher: Publisher;
  readonly #logger: Logger;
  readonly #returned: ReturnedMessages;
  readonly #retryTimeout: number;
  readonly #gone = new GoneQueues();
  #closed = false;

  /** `retryTimeout`: for how many seconds a missing queue is tried. */
  constructor(publisher: Publisher, retryTimeout: number, logger: Logger) {
    this.#publisher = publisher;
    this.#logger = logger;
    this.#retryTimeout = retryTimeout;
    this.#returned = new ReturnedMessages({
      publisher,
      retryTimeout,
      logger,
      onGivenUp: (queue) => {
        this.#gone.add(queue);
        return true;
      },
    });
  }

  /** Resolves when the broker has the reply, or when nothing more can be done for it here. Does not reject. */
  send(queue: string, body: Buffer): Promise<void> {
    return this.#publish(queue, body, Number.POSITIVE_INFINITY, (error, message) => {
      if (error instanceof MessageUndeliverable) this.#returned.keep(message);
      else this.#logger.warn({ queue, reason: error.message }, 'reply not sent');
    });
  }

  /**
   * As `send`, for what is worthless later: it is tried once.
   * @param replyTo the queue by which the caller reaches the server
   */
  sendNow(queue: string, body: Buffer, replyTo: string): Promise<void> {
    const onError = (error: MessagingError): void => {
      this.#logger.debug({ queue, reason: error.message }, 'sign of life not sent');
    };
    return this.#publish(queue, body, 0, onError, { replyTo });
  }

  /**
   * Sends one of several results. Resolves once the broker has it: with false when the caller's queue did not come
   * back in time, or the transport was closed.
   *
   * @param replyTo the queue by which the caller reaches the server
   */
  async sendResult(queue: string, body: Buffer, replyTo: string): Promise<boolean> {
    const giveUpAt = Date.now() + this.#retryTimeout * 1000;
    while (!this.#gone.has(queue)) {
      let failure: MessagingError | undefined;
      const note = (error: MessagingError): void => {
        failure = error;
      };
      await this.#publish(queue, body, Number.POSITIVE_INFINITY, note, { replyTo });
      if (failure === undefined) return true;
      if (!(failure instanceof MessageUndeliverable) || this.#closed) return false;
      if (Date.now() >= giveUpAt) this.#gone.add(queue);
      else await sleep(MISSING_PAUSE, undefined, { ref: false });
    }
    return false;
  }

  /** Drops what waits for missing queues. */
  close(): void {
    this.#closed = true;
    this.#returned.close();
  }

  #publish(
    queue: string,
    body: Buffer,
    retry: number,
    onError: (error: MessagingError, message: OutgoingMessage) => void,
    properties?: MoreProperties,
  ): Promise<void> {
    if (this.#gone.has(queue)) {
      this.#logger.debug({ queue }, 'reply dropped: its queue is gone');
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const message: OutgoingMessage = {
        routingKey: queue,
        body,
        mandatory: true,
        ...(properties && { properties }),
        retry,
        done: (error) => {
          if (error !== undefined) onError(error, message);
          resolve();
        },
      };
      this.#publisher.publish(message);
    });
  }
}
