import { onAbort } from '../../../abort-listeners.ts';
import { CallCancelled, MessageUndeliverable, type MessagingError } from '../../../errors.ts';
import type { SendOptions } from '../../driver.ts';
import type { Outbox } from '../publish/outbox.ts';
import type { OutgoingMessage, Publication } from '../publish/publication.ts';
import { retries } from '../publish/publish-options.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { ReturnedMessages } from '../publish/returned-messages.ts';
import type { ExchangeSpec } from '../topology/topology.ts';
import type { Destination } from './destinations.ts';

export interface CastParts {
  publisher: Publisher;
  outbox: Outbox;
  returned: ReturnedMessages;
  destination: Destination;
  options: SendOptions;
  body: Buffer;
  /** Where no queue takes it, it is kept until one comes. */
  mandatory: boolean;
  resolve(): void;
  reject(error: MessagingError): void;
}

/** One cast, until the broker has taken responsibility or nothing more can be done. */
export class OutgoingCast implements OutgoingMessage {
  readonly exchange: ExchangeSpec;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly mandatory: boolean;
  readonly retry: number;
  readonly #parts: CastParts;
  #publication: Publication | undefined;
  #stopListening: (() => void) | undefined;

  /** @throws Overloaded */
  constructor(parts: CastParts) {
    const { destination, options, body, outbox } = parts;
    outbox.take(body.length);
    this.exchange = destination.exchange;
    this.routingKey = destination.routingKey;
    this.body = body;
    this.mandatory = parts.mandatory;
    this.retry = retries(options.retry);
    this.#parts = parts;
  }

  send(): void {
    const { publisher, options } = this.#parts;
    if (options.signal !== undefined) this.#listenTo(options.signal);
    this.#publication = publisher.publish(this);
  }

  done(error?: MessagingError): void {
    this.#stopListening?.();
    const { destination, outbox, returned, resolve, reject } = this.#parts;
    outbox.release(this.body.length);
    if (error === undefined) destination.known = true;
    else if (!(error instanceof MessageUndeliverable && returned.keep(this))) {
      reject(error);
      return;
    }
    resolve();
  }

  #listenTo(signal: AbortSignal): void {
    this.#stopListening = onAbort(signal, () => this.#cancel(signal.reason));
  }

  /** Only while it was not sent. */
  #cancel(cause: unknown): void {
    const { publisher, outbox, reject } = this.#parts;
    if (this.#publication === undefined || this.#publication.written) return;
    if (!publisher.cancel(this.#publication)) return;
    outbox.release(this.body.length);
    reject(new CallCancelled('The cast was cancelled before it was sent', { cause }));
  }
}
