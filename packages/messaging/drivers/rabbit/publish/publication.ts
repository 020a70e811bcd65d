import type { Options } from 'amqplib';
import type { MessagingError } from '../../../errors.ts';
import type { ExchangeSpec } from '../topology/topology.ts';
import { type MoreProperties, publishOptions } from './publish-options.ts';

/** A message on its way out. */
export interface OutgoingMessage {
  /** Absent: the default exchange, whose routing keys are the names of queues. */
  readonly exchange?: ExchangeSpec | undefined;
  readonly routingKey: string;
  readonly body: Buffer;
  /** Milliseconds after which the broker drops the message from its queue; from `createdAt`, when that is given. */
  readonly expiration?: number | undefined;
  /** By performance.now(); the message then tells when it was sent. */
  readonly createdAt?: number | undefined;
  /** Where no queue takes the message, it fails with MessageUndeliverable. */
  readonly mandatory?: boolean;
  readonly properties?: MoreProperties;
  /** Its reply will confirm it as well. */
  readonly expectsReply?: boolean;
  /** How often publishing is tried again after a failure; Infinity: until it works. */
  readonly retry: number;
  /** The message waits for this to be ready. */
  readonly gate?: { readonly ready: boolean };
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
  /** As it is published: the message's, or that compressed. */
  readonly body: Buffer;
  /** It was written to a channel, so the broker may have it. */
  written = false;
  /** The broker sent the message back. */
  returned = false;
  readonly #compressed: boolean;
  #failures = 0;
  #missing = 0;
  #settled = false;

  /** `compressed`: the message's body as it is to be published, when that is compressed. */
  constructor(message: OutgoingMessage, compressed?: Buffer) {
    this.message = message;
    this.body = compressed ?? message.body;
    this.#compressed = compressed !== undefined;
  }

  get isSettled(): boolean {
    return this.#settled;
  }

  /** The AMQP options, as they are now: a message that has waited does not live longer for it. */
  publishOptions(): Options.Publish {
    const { expiration, createdAt, mandatory, properties } = this.message;
    const compressed = this.#compressed;
    if (createdAt === undefined) return publishOptions({ expiration, mandatory, properties, compressed });
    const waited = performance.now() - createdAt;
    const late = waited < PROMPT ? 0 : waited;
    return publishOptions({
      expiration: expiration === undefined ? undefined : expiration - late,
      sentAt: createdAt + late,
      mandatory,
      properties,
      compressed,
    });
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

  /** Nobody needs it any more: `done` is not called. To be called by its publisher. */
  drop(): void {
    this.#settled = true;
  }
}
