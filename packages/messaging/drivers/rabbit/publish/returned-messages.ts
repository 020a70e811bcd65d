import { MessageUndeliverable, type MessagingError } from '../../../errors.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import { type OutgoingMessage, undeliverable } from './publication.ts';
import type { Publisher } from './publisher.ts';

/** Milliseconds between two checks whether a missing queue has come. */
const PROBE_INTERVAL = 250;
/** How many messages may wait for one queue. */
const LIMIT = 10_000;

/** What it needs of the driver's context: for how long a message waits, and how many bytes may. */
export type ReturnedMessagesContext = Pick<RabbitContext, 'settings' | 'limits' | 'logger'>;

/** A message that came back, and what becomes of it. */
export interface ReturnedMessage extends OutgoingMessage {
  /** Milliseconds of `performance.now`: for how long it is kept. Absent: as the options say. */
  readonly until?: number | undefined;
  /** Nobody needs the message any more. */
  readonly isOver?: boolean;
  /** A queue has it. */
  onTaken?(): void;
  /** It is not tried again. True when somebody is told, so that it need not be logged. */
  onGivenUp?(error: MessagingError): boolean;
}

/** Where no queue is, and what waits for one. */
interface Destination {
  key: string;
  exchange: string;
  routingKey: string;
  /** The messages in order, and until when each is kept. */
  waiting: Map<ReturnedMessage, number>;
  /** More came than may wait. */
  overflown: boolean;
  /** A message is under way to see whether the queue has come. */
  probing: boolean;
  timer?: NodeJS.Timeout;
}

/**
 * Keeps the messages that the broker sent back because there was no queue for them.
 *
 * After a broker restart every process needs a moment to declare its queues again, and the first one back must not
 * lose what it sends to the others. So the first message is tried again and again; when a queue takes it, the others
 * follow. What has waited for too long is dropped, with one log line for all that end together.
 */
export class ReturnedMessages {
  readonly #publisher: Pick<Publisher, 'publish'>;
  readonly #context: ReturnedMessagesContext;
  readonly #onGivenUp: (routingKey: string) => boolean;
  readonly #destinations = new Map<string, Destination>();
  #bytes = 0;
  #closed = false;

  /** @param onGivenUp called when a message has waited for too long; true also gives up all others for that queue */
  constructor(
    publisher: Pick<Publisher, 'publish'>,
    context: ReturnedMessagesContext,
    onGivenUp: (routingKey: string) => boolean = () => false,
  ) {
    this.#publisher = publisher;
    this.#context = context;
    this.#onGivenUp = onGivenUp;
  }

  /** Takes over a message that came back; its `done` is not called again. False when there is no room for it. */
  keep(message: ReturnedMessage, until = message.until ?? performance.now() + this.#ttl * 1000): boolean {
    const destination = this.#destination(message);
    const added = this.#add(destination, message, until);
    this.#goOn(destination);
    return added;
  }

  /** Nobody needs the message any more; it is told nothing further. It may already be on its way. */
  takeBack(message: ReturnedMessage): void {
    const destination = this.#destinations.get(keyOf(message));
    if (destination !== undefined) this.#remove(destination, message);
  }

  /** Drops everything. */
  close(): void {
    this.#closed = true;
    for (const destination of this.#destinations.values()) this.#dropAll(destination);
  }

  /** Seconds. */
  get #ttl(): number {
    return this.#context.settings.kombuMissingConsumerRetryTimeout;
  }

  #destination(message: ReturnedMessage): Destination {
    const key = keyOf(message);
    const known = this.#destinations.get(key);
    if (known !== undefined) return known;
    const exchange = message.exchange?.name ?? '';
    const { routingKey } = message;
    const nothing = { waiting: new Map(), overflown: false, probing: false };
    const destination: Destination = { key, exchange, routingKey, ...nothing };
    this.#destinations.set(key, destination);
    this.#context.logger.debug({ exchange, routingKey }, 'no queue takes a message; trying again');
    return destination;
  }

  #add(destination: Destination, message: ReturnedMessage, until: number): boolean {
    const { exchange, routingKey, waiting } = destination;
    const { logger } = this.#context;
    const maxBytes = this.#context.limits.outboxBytes;
    if (waiting.size < LIMIT && this.#bytes + message.body.length <= maxBytes) {
      waiting.set(message, until);
      this.#bytes += message.body.length;
      return true;
    }
    if (giveUp(message) || destination.overflown) return false;
    destination.overflown = true;
    const limits = { messages: LIMIT, bytes: maxBytes };
    logger.warn({ exchange, routingKey, limits }, 'messages refused: too many wait for their queue');
    return false;
  }

  #remove({ waiting }: Destination, message: ReturnedMessage): void {
    if (waiting.delete(message)) this.#bytes -= message.body.length;
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
    const [message] = destination.waiting.keys();
    if (message === undefined) {
      this.#forget(destination);
      return;
    }
    destination.probing = true;
    this.#publish(message, (error) => {
      destination.probing = false;
      if (!(error instanceof MessageUndeliverable)) {
        this.#remove(destination, message);
        this.#onOutcome(message, error);
      }
      if (error === undefined) this.#release(destination);
      else this.#goOn(destination);
    });
  }

  /** The queue is there. */
  #release(destination: Destination): void {
    this.#forget(destination);
    for (const [message, until] of destination.waiting) {
      this.#bytes -= message.body.length;
      this.#publish(message, (error) => {
        if (!(error instanceof MessageUndeliverable)) this.#onOutcome(message, error);
        else if (!message.isOver) this.keep(message, until);
      });
    }
  }

  #publish(message: ReturnedMessage, done: (error?: MessagingError) => void): void {
    const { exchange, routingKey, body, expiration, createdAt, mandatory = true, properties, gate } = message;
    this.#publisher.publish({
      exchange,
      routingKey,
      body,
      expiration,
      createdAt,
      mandatory,
      properties,
      gate,
      retry: Number.POSITIVE_INFINITY,
      done,
    });
  }

  /** A queue has it, or the broker does not take it. */
  #onOutcome(message: ReturnedMessage, error: MessagingError | undefined): void {
    if (error === undefined) message.onTaken?.();
    else if (!message.isOver && !message.onGivenUp?.(error)) {
      const { routingKey } = message;
      this.#context.logger.warn({ routingKey, reason: error.message }, 'message dropped');
    }
  }

  #dropExpired(destination: Destination): void {
    const { routingKey, waiting } = destination;
    const now = performance.now();
    const expired = [...waiting].filter(([, until]) => until <= now).map(([message]) => message);
    if (expired.length === 0) return;
    const all = this.#onGivenUp(routingKey);
    const reason = `there was no queue for ${this.#ttl} s`;
    this.#drop(destination, all ? [...waiting.keys()] : expired, reason);
  }

  #dropAll(destination: Destination): void {
    this.#drop(destination, [...destination.waiting.keys()], 'the transport was closed');
    this.#forget(destination);
  }

  #drop(destination: Destination, dropped: readonly ReturnedMessage[], reason: string): void {
    for (const message of dropped) this.#remove(destination, message);
    const messages = dropped.filter((message) => !giveUp(message)).length;
    const { exchange, routingKey } = destination;
    if (messages === 0) return;
    this.#context.logger.warn(
      { exchange, routingKey, messages, reason },
      'messages dropped: no queue takes them',
    );
  }

  #forget(destination: Destination): void {
    clearTimeout(destination.timer);
    this.#destinations.delete(destination.key);
  }
}

function keyOf({ exchange, routingKey }: OutgoingMessage): string {
  return JSON.stringify([exchange?.name ?? '', routingKey]);
}

/** True when somebody was told. */
function giveUp(message: ReturnedMessage): boolean {
  return message.onGivenUp?.(undeliverable(message)) ?? false;
}
