import type { ConsumeMessage, MessageProperties } from 'amqplib';
import type { QueueSpec } from '../topology/topology.ts';
import { COMPRESSION_HEADERS } from '../wire/compression.ts';
import { SENT_AT } from '../wire/wire-properties.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';

/** Header of a cast that was published again: which attempt it is, from 2 on. */
export const ATTEMPT = 'x-delivery-attempt';
/** Header of a dead letter that was published again: differs from one replay to the next. */
export const REPLAY = 'x-replay';
/** Header by which quorum queues tell how often they have delivered a message in vain. */
const DELIVERY_COUNT = 'x-delivery-count';

/** Which attempt the message was published as. */
export function publishedAttempt({ properties }: ConsumeMessage): number {
  const attempt: unknown = properties.headers?.[ATTEMPT];
  return typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 1 ? attempt : 1;
}

/**
 * How often the message was delivered in vain since it was published: whoever had it was lost. Classic queues only
 * tell that it was so; undefined then.
 */
export function lostDeliveries({ fields, properties }: ConsumeMessage): number | undefined {
  if (!fields.redelivered) return 0;
  const count: unknown = properties.headers?.[DELIVERY_COUNT];
  return typeof count === 'number' ? count : undefined;
}

/** By which a request is recognised that comes twice; undefined when its sender gave it no id. */
export function requestKey({ uniqueId, delivery }: RabbitIncomingMessage): string | undefined {
  if (uniqueId === undefined) return undefined;
  const { headers } = delivery.message.properties;
  if (headers === undefined) return uniqueId;
  const [attempt, replay] = [headers[ATTEMPT] as unknown, headers[REPLAY] as unknown];
  // As nearly all are.
  if (attempt === undefined && replay === undefined) return uniqueId;
  return `${uniqueId}/${attempt ?? ''}/${replay ?? ''}`;
}

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
