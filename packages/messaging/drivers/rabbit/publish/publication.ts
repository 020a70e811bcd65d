import type { ConfirmChannel, Options } from 'amqplib';
import {
  MessageDeliveryFailure,
  MessageTooLarge,
  MessageUndeliverable,
  type MessagingError,
  Overloaded,
} from '../../../errors.ts';
import { amqpCode, errorText, NOT_FOUND } from '../connection/amqp-error.ts';
import type { ExchangeSpec } from '../topology/topology.ts';
import { COMPRESSION_HEADERS } from '../wire/compression.ts';
import { SENT_AT, sentAtText } from '../wire/wire-properties.ts';

/** RabbitMQ takes an expiration of at most 32 bits. */
const EXPIRATION_MAX = 0xffff_ffff;

/** Properties that only some messages have. */
export type MoreProperties = Pick<Options.Publish, 'type' | 'correlationId' | 'replyTo'> & {
  headers?: Readonly<Record<string, unknown>>;
};

/** Milliseconds below which a message has not waited. */
const PROMPT = 100;

/**
 * The AMQP options of a message, as they are now: one that has waited does not live longer for it. All are JSON text,
 * and persistent.
 */
export function publishOptions(
  { expiration, createdAt, mandatory, properties = {} }: MessageOptions,
  compressed = false,
): Options.Publish {
  const { headers, ...others } = properties;
  const options: Options.Publish = {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    deliveryMode: 2,
    priority: 0,
    headers: {},
    ...others,
  };
  const waited = createdAt === undefined ? 0 : performance.now() - createdAt;
  const late = waited < PROMPT ? 0 : waited;
  if (createdAt !== undefined) options.headers[SENT_AT] = sentAtText(createdAt + late);
  if (expiration !== undefined) options.expiration = expirationText(expiration - late);
  if (mandatory === true) options.mandatory = true;
  if (compressed) Object.assign(options.headers, COMPRESSION_HEADERS);
  if (headers !== undefined) Object.assign(options.headers, headers);
  return options;
}

/** Milliseconds as the text the property carries. */
export function expirationText(milliseconds: number): string {
  return String(Math.min(Math.max(Math.trunc(milliseconds), 0), EXPIRATION_MAX));
}

/** How often publishing is tried again: `retry` of the RPC client, where -1 and null mean forever. */
export function retries(retry: number | null | undefined): number {
  return retry === undefined || retry === null || retry < 0 ? Number.POSITIVE_INFINITY : retry;
}

/** How a message is published. */
export interface MessageOptions {
  /** Milliseconds after which the broker drops the message from its queue; from `createdAt`, when that is given. */
  readonly expiration?: number | undefined;
  /** By performance.now(); the message then tells when it was sent. */
  readonly createdAt?: number | undefined;
  /** Where no queue takes the message, it fails with MessageUndeliverable. */
  readonly mandatory?: boolean;
  readonly properties?: MoreProperties | undefined;
}

/** A message on its way out. */
export interface OutgoingMessage extends MessageOptions {
  /** Absent: the default exchange, whose routing keys are the names of queues. */
  readonly exchange?: ExchangeSpec | undefined;
  readonly routingKey: string;
  readonly body: Buffer;
  /** Its reply will confirm it as well. */
  readonly expectsReply?: boolean;
  /** Nothing else is under way that it could be sent with: it need not wait for the end of the event loop's turn. */
  readonly alone?: boolean;
  /** How often publishing is tried again after a failure; Infinity: until it works. */
  readonly retry: number;
  /** The message waits for this to be ready. */
  readonly gate?: { readonly ready: boolean } | undefined;
  /** Called once: when the broker has taken responsibility, or with the reason why it has not. */
  done(error?: MessagingError): void;
}

/** A publish to an exchange that is gone is tried so often: it is declared again each time. */
const MISSING_EXCHANGE_LIMIT = 3;

/** One message in the hands of a publisher, from `publish` until it is settled. */
export class Publication {
  readonly message: OutgoingMessage;
  /** As it is published: the message's, or that compressed. */
  readonly body: Buffer;
  readonly isCompressed: boolean;
  /** It was written to a channel, so the broker may have it. */
  written = false;
  /** The broker sent the message back. */
  returned = false;
  /** Its message was told, or nobody needs it any more. */
  isSettled = false;
  #failures = 0;
  #missing = 0;

  /** `compressed`: the message's body as it is to be published, when that is compressed. */
  constructor(message: OutgoingMessage, compressed?: Buffer) {
    this.message = message;
    this.body = compressed ?? message.body;
    this.isCompressed = compressed !== undefined;
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
    if (this.isSettled) return;
    this.isSettled = true;
    this.message.done(error);
  }
}

export function unreachable(cause: unknown): MessageDeliveryFailure {
  const reason = cause === undefined ? '' : `: ${errorText(cause)}`;
  return new MessageDeliveryFailure(`Unable to reach RabbitMQ${reason}`, { cause });
}

/** The broker's words, in which it differs from version to version whether there is a `configured`. */
const TOO_LARGE = /message size (\d+) is larger than (?:configured )?max(?:imum)? size (\d+)/;

export function refusal(cause: unknown): MessageDeliveryFailure {
  const [, size, limit] = TOO_LARGE.exec(errorText(cause)) ?? [];
  if (size !== undefined) {
    return new MessageTooLarge({ what: 'The message', size: Number(size), limit: Number(limit) }, { cause });
  }
  return new MessageDeliveryFailure(`RabbitMQ does not take the message: ${errorText(cause)}`, { cause });
}

export function undeliverable(message: OutgoingMessage, reason?: string): MessageUndeliverable {
  return new MessageUndeliverable({
    exchange: message.exchange?.name ?? '',
    routingKey: message.routingKey,
    ...(reason !== undefined && { reason }),
  });
}

/**
 * Publishes one message by the library, whatever its properties, over a channel where nothing else is published
 * meanwhile. Resolves when the broker has it in a queue.
 *
 * @throws MessageUndeliverable when no queue takes it
 * @throws MessageDeliveryFailure when the broker does not
 * @throws Error of the library when it cannot encode the properties
 */
export async function publishConfirmed(
  channel: ConfirmChannel,
  { exchange, routingKey }: { exchange: string; routingKey: string },
  body: Buffer,
  options: Options.Publish,
): Promise<void> {
  let isMissing = false;
  const onReturn = (): void => {
    isMissing = true;
  };
  const onError = (error: unknown): void => {
    isMissing = amqpCode(error) === NOT_FOUND;
  };
  channel.on('return', onReturn);
  channel.on('error', onError);
  try {
    const cause: unknown = await new Promise((resolve) => {
      channel.publish(exchange, routingKey, body, { ...options, mandatory: true }, resolve);
    });
    if (isMissing) throw new MessageUndeliverable({ exchange, routingKey });
    if (cause !== null) throw new MessageDeliveryFailure('RabbitMQ has not taken the message', { cause });
  } finally {
    channel.off('return', onReturn);
    channel.off('error', onError);
  }
}

/** Counts the bytes of the messages that wait for the broker to take them, so that they cannot fill the memory. */
export class Outbox {
  bytes = 0;
  readonly #limit: number;

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Makes room for a message; `release` gives it back. One larger than the limit goes alone. @throws Overloaded */
  take(size: number): void {
    if (this.bytes > 0 && this.bytes + size > this.#limit) {
      throw new Overloaded({ what: 'outbox', limit: this.#limit, unit: 'bytes' });
    }
    this.bytes += size;
  }

  release(size: number): void {
    this.bytes -= size;
  }
}
