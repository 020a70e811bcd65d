import { MessageUndeliverable, type MessagingError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { GoneQueues } from './gone-queues.ts';
import type { OutgoingMessage } from './publication.ts';
import type { Publisher } from './publisher.ts';
import { ReturnedMessages } from './returned-messages.ts';

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
  readonly #gone = new GoneQueues();

  /** `retryTimeout`: for how many seconds a missing queue is tried. */
  constructor(publisher: Publisher, retryTimeout: number, logger: Logger) {
    this.#publisher = publisher;
    this.#logger = logger;
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

  /** As `send`, for what is worthless later: it is tried once. */
  sendNow(queue: string, body: Buffer): Promise<void> {
    return this.#publish(queue, body, 0, (error) => {
      this.#logger.debug({ queue, reason: error.message }, 'sign of life not sent');
    });
  }

  /** Drops what waits for missing queues. */
  close(): void {
    this.#returned.close();
  }

  #publish(
    queue: string,
    body: Buffer,
    retry: number,
    onError: (error: MessagingError, message: OutgoingMessage) => void,
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
