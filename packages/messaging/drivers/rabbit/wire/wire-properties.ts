import type { MessageProperties } from 'amqplib';
import { readMachineClock } from './machine-clock.ts';

/** Header of a call: when it was published, `<clock>/<milliseconds>` by the monotonic clock of the caller's machine. */
export const SENT_AT = 'x-sent-at';

const CLOCK = readMachineClock();
const PREFIX = `${CLOCK.name}/`;

/** The header's value, rounded down: no server sees a later deadline than the caller. @param at by performance.now() */
export function sentAtText(at: number): string {
  return PREFIX + Math.floor(at + CLOCK.offset);
}

/** How long ago (ms) a message was sent; null when its header is of another clock. @param now by performance.now() */
export function ageOf(header: unknown, now: number): number | null {
  if (typeof header !== 'string' || !header.startsWith(PREFIX)) return null;
  const age = now + CLOCK.offset - Number(header.slice(PREFIX.length));
  return Number.isFinite(age) ? age : null;
}

/** Property `type` of the message by which a caller cancels a call; its `correlationId` is the call's message id. */
export const CANCEL = 'cancel';
/**
 * Property `type` of the message by which a caller asks servers which of its calls they have; its `replyTo` is the
 * caller's reply queue, its `correlationId` the message id of the answers.
 */
export const ROLL_CALL = 'roll_call';

/**
 * How much (ms) older than its expiration a message may be: the broker drops it there, but what it has delivered may
 * still wait for a busy process to read it.
 */
const UNREAD_MAX = 60_000;
/** Milliseconds: what is written is rounded. */
const ROUNDING = 1;

/** A peer may leave out any. */
type Properties = Partial<MessageProperties>;

export interface RequestTimes {
  /** Milliseconds, by performance.now(); null: the caller waits for ever, or does not wait. */
  deadline: number | null;
  /** Milliseconds between sending and arrival; null when unknown. */
  queueWait: number | null;
}

/**
 * What the properties of a request tell of time. Its expiration is the time that was left when it was published. How
 * long it has been on its way since, the header says if caller and server read one clock. Otherwise it counts as just
 * sent: the broker does not deliver what is older than its expiration.
 *
 * @param arrivedAt milliseconds, by performance.now()
 */
export function requestTimes({ expiration, headers }: Properties, arrivedAt: number): RequestTimes {
  const timeToLive = milliseconds(expiration);
  const queueWait = possibleAge(ageOf(headers?.[SENT_AT], arrivedAt), timeToLive);
  return { deadline: timeToLive === null ? null : arrivedAt + timeToLive - (queueWait ?? 0), queueWait };
}

/** An age that cannot be is of another clock, whatever it is called: of a machine that was cloned while it ran. */
function possibleAge(age: number | null, timeToLive: number | null): number | null {
  if (age === null || age < -ROUNDING) return null;
  if (timeToLive !== null && age > timeToLive + UNREAD_MAX) return null;
  return Math.max(age, 0);
}

/** The call that the message cancels; undefined when it is another message. */
export function cancelledCall({ type, correlationId }: Properties): string | undefined {
  return type === CANCEL && typeof correlationId === 'string' ? correlationId : undefined;
}

/** Whom to answer, and by which id; undefined when it is another message. */
export function rollCall({ type, correlationId, replyTo }: Properties) {
  if (type !== ROLL_CALL || typeof correlationId !== 'string' || typeof replyTo !== 'string')
    return undefined;
  return { id: correlationId, replyQueue: replyTo };
}

/** The property is text that the peer has chosen. */
function milliseconds(expiration: unknown): number | null {
  if (typeof expiration !== 'string' || !/^\d{1,10}$/.test(expiration)) return null;
  return Number(expiration);
}
