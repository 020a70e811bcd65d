import type { Options } from 'amqplib';
import type { MessagingError } from '../../errors.ts';
import { expirationText, publishOptions } from './publish-options.ts';
import type { ExchangeSpec } from './topology.ts';

/** A message on its way out. */
export interface OutgoingMessage {
  /** Absent: the default exchange, whose routing keys are the names of queues. */
  exchange?: ExchangeSpec;
  routingKey: string;
  body: Buffer;
  /** Milliseconds from `createdAt` after which the broker drops the message from its queue. */
  expiration?: number;
  /** Milliseconds since the epoch; only needed with `expiration`. */
  createdAt?: number;
  /** Where no queue takes the message, it fails with MessageUndeliverable. */
  mandatory?: boolean;
  /** How often publishing is tried again after a failure; Infinity: until it works. */
  retry: number;
  /** The message waits for this to be ready. */
  gate?: { readonly ready: boolean };
  /** Called once: when the broker has taken responsibility, or with the reason why it has not. */
  done(error?: MessagingError): void;
}

/** Milliseconds below which a message has not waited. */
const PROMPT = 100;
/** A publish to an exchange that is gone is tried so often: it is declared again each time. */
const MISSING_EXCHANGE_LIMIT = 3;

/** One message in the hands of a publisher, from `publish` until it is settled. */
export class Publication {
  readonly message: OutgoingMessage;
  /** The broker sent the message back. */
  returned = false;
  readonly #onCancel: () => void;
  readonly #options: Options.Publish;
  #failures = 0;
  #missing = 0;
  #settled = false;

  constructor(message: OutgoingMessage, onCancel: (publication: Publication) => void) {
    this.message = message;
    this.#onCancel = () => onCancel(this);
    this.#options = publishOptions(message);
  }

  get isSettled(): boolean {
    return this.#settled;
  }

  /** The AMQP options, as they are now: a message that has waited does not live longer for it. */
  publishOptions(): Options.Publish {
    const { expiration, createdAt } = this.message;
    if (expiration === undefined || createdAt === undefined) return this.#options;
    const waited = Date.now() - createdAt;
    return waited < PROMPT
      ? this.#options
      : { ...this.#options, expiration: expirationText(expiration - waited) };
  }

  /** Notes a failed attempt; true when no further one is allowed. */
  fails(): boolean {
    this.#failures += 1;
    return this.#failures > this.message.retry;
  }

  /** Notes that the exchange was missing; true when it was so too often. */
  missesExchange(): boolean {
    this.#missing += 1;
    return this.#missing > MISSING_EXCHANGE_LIMIT;
  }

  settle(error?: MessagingError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.message.done(error);
  }

  /** Takes back a message that nobody needs any more. It may be on its way already; `done` is not called. */
  cancel(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#onCancel();
  }
}
