import type { MessageProperties } from 'amqplib';

/** Header of a call: when it was published, in milliseconds since the epoch by the caller's clock. */
export const SENT_AT = 'x-sent-at';

/** Property `type` of the message by which a caller cancels a call; its `correlationId` is the call's message id. */
export const CANCEL = 'cancel';

/** How far (ms) two machines' clocks may be apart until their difference is noticed. */
const CLOCK_TOLERANCE = 1_000;

export interface RequestTimes {
  /** Milliseconds since the epoch, by this machine's clock; null: the caller waits for ever, or does not wait. */
  deadline: number | null;
  /** Milliseconds between sending and arrival; null when unknown. */
  queueWait: number | null;
}

/**
 * What the properties of a request tell of time. The broker drops what is older than its expiration, so an age beyond
 * it means that the two machines' clocks differ, and is not believed.
 *
 * @param arrivedAt milliseconds since the epoch
 */
export function requestTimes(
  { expiration, headers }: Pick<MessageProperties, 'expiration' | 'headers'>,
  arrivedAt: number,
): RequestTimes {
  const timeToLive = milliseconds(expiration);
  const sentAt: unknown = headers?.[SENT_AT];
  const age = typeof sentAt === 'number' ? arrivedAt - sentAt : Number.NaN;
  const believed = age >= -CLOCK_TOLERANCE && !(timeToLive !== null && age > timeToLive + CLOCK_TOLERANCE);
  const queueWait = believed ? Math.max(age, 0) : null;
  if (timeToLive === null) return { deadline: null, queueWait };
  return { deadline: arrivedAt + timeToLive - (believed ? age : 0), queueWait };
}

/** The call that the message cancels; undefined when it is another message. */
export function cancelledCall({
  type,
  correlationId,
}: Pick<MessageProperties, 'type' | 'correlationId'>): string | undefined {
  return type === CANCEL && typeof correlationId === 'string' ? correlationId : undefined;
}

/** The property is text that the peer has chosen. */
function milliseconds(expiration: unknown): number | null {
  if (typeof expiration !== 'string' || !/^\d{1,10}$/.test(expiration)) return null;
  return Number(expiration);
}
