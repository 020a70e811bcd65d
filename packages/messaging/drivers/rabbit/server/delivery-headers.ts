import type { ConsumeMessage } from 'amqplib';
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
