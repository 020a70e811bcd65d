import { MessageUndeliverable, type MessagingError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { OutgoingMessage } from './publication.ts';
import type { Publisher } from './publisher.ts';

/** How often (ms) it is tried whether a missing queue has come. */
const PROBE_INTERVAL = 250;
/** How many messages may wait for one queue. */
const LIMIT = 10_000;

export interface ReturnedMessagesOptions {
  publisher: Publisher;
  /** For how many seconds a message waits for its queue. */
  retryTimeout: number;
  logger: Logger;
  /** Told when a message has waited for too long; true gives up all others to that queue with it. */
  onGivenUp?(routingKey: string): boolean;
}

/** Where no queue is, and what waits for one. */
interface Destination {
  key: string;
  exchange: string;
  routingKey: string;
  /** The messages in order, with the time (ms since the epoch) until which each waits. */
  waiting: Map<OutgoingMessage, number>;
  /** More came than may wait. */
  overflown: boolean;
  /** A message is under way to see whether the queue has come. */
  probing: boolean;
  timer?: NodeJS.Timeout;
}

/**
 * Keeps the messages that the broker sent back because there was no queue for them.
 *
 * After a broker restart everybody needs a moment to declare its queues again, and whoever is back first must not
 * lose what it sends to the others. So the first message is tried again and again; when a queue takes it, the
 * others follow. What has waited for too long is dropped, with one log line for all that end together.
 */
export class ReturnedMessages {
  readonly #options: ReturnedMessagesOptions;
  readonly #destinations = new Map<string, Destination>();
  #closed = false;

  constructor(options: ReturnedMessagesOptions) {
    this.#options = options;
  }

  /** Takes over a message that came back; its `done` is not called again. Returns how to take it back. */
  keep(message: OutgoingMessage): () => void {
    const destination = this.#destination(message);
    this.#add(destination, message);
    this.#goOn(destination);
    return () => destination.waiting.delete(message);
  }

  /** Drops everything. */
  close(): void {
    this.#closed = true;
    for (const destination of this.#destinations.values()) this.#dropAll(destination);
  }

  #destination({ exchange, routingKey }: OutgoingMessage): Destination {
    const exchangeName = exchange?.name ?? '';
    const key = JSON.stringify([exchangeName, routingKey]);
    const known = this.#destinations.get(key);
    if (known !== undefined) return known;
    const destination: Destination = {
      key,
      exchange: exchangeName,
      routingKey,
      waiting: new Map(),
      overflown: false,
      probing: false,
    };
    this.#destinations.set(key, destination);
    this.#options.logger.debug(
      { exchange: exchangeName, routingKey },
      'no queue takes a message; trying again',
    );
    return destination;
  }

  #add(destination: Destination, message: OutgoingMessage): void {
    const { exchange, routingKey, waiting } = destination;
    if (waiting.size < LIMIT) waiting.set(message, Date.now() + this.#options.retryTimeout * 1000);
    else if (!destination.overflown) {
      destination.overflown = true;
      this.#options.logger.warn(
        { exchange, routingKey, limit: LIMIT },
        'messages dropped: too many wait for their queue',
      );
    }
  }

  /** Sees to it that the queue is looked for again, as long as somebody waits for it. */
  #goOn(destination: Destination): void {
    if (destination.probing) return;
    if (this.#closed) this.#dropAll(destination);
    else this.#dropExpired(destination);
    if (destination.waiting.size === 0) this.#forget(destination);
    else destination.timer ??= setTimeout(() => this.#probe(destination), PROBE_INTERVAL);
  }

  #probe(destination: Destination): void {
    delete destination.timer;
    const { waiting } = destination;
    const [first] = waiting.keys();
    if (first === undefined) {
      this.#forget(destination);
      return;
    }
    destination.probing = true;
    this.#publish(first, (error) => {
      destination.probing = false;
      if (error === undefined) {
        waiting.delete(first);
        this.#release(destination);
      } else {
        if (!(error instanceof MessageUndeliverable)) waiting.delete(first);
        this.#goOn(destination);
      }
    });
  }

  /** The queue is there. */
  #release(destination: Destination): void {
    this.#forget(destination);
    for (const message of destination.waiting.keys()) {
      this.#publish(message, (error) => {
        if (error instanceof MessageUndeliverable) this.keep(message);
      });
    }
  }

  #publish(message: OutgoingMessage, done: (error?: MessagingError) => void): void {
    const { publisher, logger } = this.#options;
    publisher.publish({
      ...message,
      retry: Number.POSITIVE_INFINITY,
      done: (error) => {
        if (error !== undefined && !(error instanceof MessageUndeliverable)) {
          logger.warn({ routingKey: message.routingKey, reason: error.message }, 'message dropped');
        }
        done(error);
      },
    });
  }

  #dropExpired(destination: Destination): void {
    const { routingKey, waiting } = destination;
    const now = Date.now();
    const expired = [...waiting].filter(([, until]) => until <= now);
    if (expired.length === 0) return;
    const all = this.#options.onGivenUp?.(routingKey) ?? false;
    const dropped = all ? waiting.size : expired.length;
    if (all) waiting.clear();
    else for (const [message] of expired) waiting.delete(message);
    this.#logDropped(destination, dropped, `there was no queue for ${this.#options.retryTimeout} s`);
  }

  #dropAll(destination: Destination): void {
    const dropped = destination.waiting.size;
    destination.waiting.clear();
    this.#forget(destination);
    if (dropped > 0) this.#logDropped(destination, dropped, 'the transport was closed');
  }

  #logDropped({ exchange, routingKey }: Destination, messages: number, reason: string): void {
    this.#options.logger.warn(
      { exchange, routingKey, messages, reason },
      'messages dropped: no queue takes them',
    );
  }

  #forget(destination: Destination): void {
    clearTimeout(destination.timer);
    this.#destinations.delete(destination.key);
  }
}
