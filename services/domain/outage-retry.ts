import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseUnavailable } from '@mini-nova/database/errors';
import {
  type AroundSend,
  type Logger,
  MessageDeliveryFailure,
  MessageUndeliverable,
  MessagingTimeout,
} from '@mini-nova/messaging';

export interface OutageRetryOptions {
  /** The request is made at least so often, if it is given up at all. Default 4. */
  attempts?: number;
  /** Seconds for which it is made again, also when that is more often; default: until it is answered. */
  patience?: number;
  /** Seconds before the second attempt after a failure that came at once; doubled for each further one, up to 5. Default 1. */
  pause?: number;
  /** Told of each failure after which it is made again. */
  onFailure?: (error: unknown) => void;
}

/** Seconds. Whoever was away is back so long ago at most before he is asked again: waits add up to what a rest takes. */
export const LONGEST_PAUSE = 5;

/**
 * Makes a request again when nobody answered it: the broker, the server or its database was away, or not there yet, or
 * the answer was lost. The request may have been served already, so it must be idempotent.
 *
 * @throws the last failure, and any other at once
 */
export async function retryOnOutage<T>(
  request: () => Promise<T>,
  {
    attempts = 4,
    patience = Number.POSITIVE_INFINITY,
    pause = 1,
    onFailure = () => {},
  }: OutageRetryOptions = {},
): Promise<T> {
  const start = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request();
    } catch (error) {
      const isOver = attempt >= attempts && performance.now() - start >= patience * 1000;
      if (!isOutage(error) || isOver) throw error;
      onFailure(error);
      // A timeout has been pause enough; the others come at once.
      if (!(error instanceof MessagingTimeout)) {
        await delay(pauseAfter(attempt, pause) * 1000, undefined, { ref: false });
      }
    }
  }
}

/** For clients: makes a request again when nobody answered it, if it is one that may be served twice. */
export function repeatIdempotent(options: OutageRetryOptions): AroundSend {
  return ({ idempotent }, send) => (idempotent ? retryOnOutage(send, options) : send());
}

/** Milliseconds in which nothing is said of further failures. */
const QUIET = 30_000;

/** Says in the log, now and then, that requests are not answered. */
export function outageNotice(logger: Logger): (error: unknown) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - saidAt < QUIET) return;
    saidAt = performance.now();
    logger.warn({ reason: String(error) }, 'A request is not answered; it is made again until it is');
  };
}

export interface OutlastOptions {
  /** Seconds between two attempts. Default 1. */
  pause?: number;
}

/**
 * Makes again what failed because the database was away: one's own, or that of whoever was asked. For work that was accepted,
 * and that nobody but a sweep would take up again. It may have been done already, so it must be idempotent.
 *
 * @throws any other error at once
 */
export async function outlastDatabase<T>(
  work: () => Promise<T>,
  { pause = 1 }: OutlastOptions = {},
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
    }
    await delay(pause * 1000, undefined, { ref: false });
  }
}

/** Seconds between so many failures and the next attempt. */
export function pauseAfter(failures: number, pause = 1): number {
  return Math.min(pause * 2 ** (failures - 1), LONGEST_PAUSE);
}

/**
 * Whether the error says that nobody answered, or that who did has no database at present: the request may or may not
 * have been served.
 */
export function isOutage(error: unknown): boolean {
  return isUnanswered(error) || error instanceof DatabaseUnavailable;
}

/** Whether the error says that nobody answered over the message bus. */
export function isUnanswered(error: unknown): error is Error {
  return (
    error instanceof MessagingTimeout ||
    error instanceof MessageDeliveryFailure ||
    error instanceof MessageUndeliverable
  );
}
