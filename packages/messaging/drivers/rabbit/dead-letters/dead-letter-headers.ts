import type { MessageProperties } from 'amqplib';
import { ATTEMPT, REPLAY } from '../server/delivery-headers.ts';
import type { RabbitIncomingMessage } from '../server/incoming-message.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { COMPRESSION_HEADERS } from '../wire/compression.ts';
import { SENT_AT } from '../wire/sent-at.ts';

/** Beside a dead letter. */
export const DEAD_REASON = 'x-dead-reason';
/** ISO 8601. */
export const DEAD_AT = 'x-dead-at';
/** Where it is published when it is replayed. */
export const DEAD_EXCHANGE = 'x-dead-exchange';
export const DEAD_ROUTING_KEY = 'x-dead-routing-key';
export const DEAD_ATTEMPTS = 'x-dead-attempts';

const PREFIX = 'x-dead-';
const OURS = new Set([ATTEMPT, REPLAY, SENT_AT, ...Object.keys(COMPRESSION_HEADERS)]);

/** A reason is an error's text, and may be of any length. */
const REASON_LIMIT = 500;

type Headers = Record<string, unknown>;

/**
 * The headers of the request as a dead letter.
 * @param ownQueue where a fanout is replayed to: it has failed here, and perhaps only here
 */
export function deadLetterHeaders(
  { delivery, attempt }: RabbitIncomingMessage,
  reason: string,
  ownQueue: QueueSpec,
): Headers {
  const { message, queue } = delivery;
  const { name, binding } = queue.spec.transient ? ownQueue : queue.spec;
  return {
    ...withoutDeadLetterHeaders(message.properties.headers),
    [DEAD_REASON]: reason.slice(0, REASON_LIMIT),
    [DEAD_AT]: new Date().toISOString(),
    [DEAD_EXCHANGE]: binding?.exchange.name ?? '',
    [DEAD_ROUTING_KEY]: binding?.key ?? name,
    [DEAD_ATTEMPTS]: attempt,
  };
}

/** What a message had before it was tried, and put aside; without what the broker counts. */
export function withoutDeadLetterHeaders(headers: MessageProperties['headers']): Headers {
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(
      ([name]) => !name.startsWith(PREFIX) && name !== ATTEMPT && name !== 'x-delivery-count',
    ),
  );
}

/** Only what this driver has put there, or needs to read the body. */
export function withoutForeignHeaders(headers: Headers = {}): Headers {
  const isOurs = (name: string): boolean => OURS.has(name) || name.startsWith(PREFIX);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOurs(name)));
}
