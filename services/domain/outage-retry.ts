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
  /** Attempts that are made in any case before giving up. Default 4. */
  attempts?: number;
  /** Seconds for which the request is repeated even beyond `attempts`. Default: until it is answered. */
  patience?: number;
  /** Seconds before the second attempt, unless the first timed out; doubled for each further one, up to 5. Default 1. */
  pause?: number;
  /** Called with each failure after which the request is repeated. */
  onFailure?: (error: unknown) => void;
}

/** Longest pause in seconds: a peer that is back is asked again after at most this time. */
export const LONGEST_PAUSE = 5;

/**
 * Repeats a request that nobody answered: the broker, the server or its database was away or had not started yet, or the
 * answer was lost. The request may have been served already, so it must be idempotent.
 *
 * @throws the last failure; any other error at once
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
      // A timeout has been pause enough; the other failures come at once.
      if (!(error instanceof MessagingTimeout)) {
        await delay(pauseAfter(attempt, pause) * 1000, undefined, { ref: false });
      }
    }
  }
}

/** For clients: repeats requests that nobody answered, if they are idempotent. */
export function repeatIdempotent(options: OutageRetryOptions): AroundSend {
  return ({ idempotent }, send) => (idempotent ? retryOnOutage(send, options) : send());
}

/** Milliseconds after a log line in which further failures are not logged. */
const QUIET = 30_000;

/** Logs, but not too often, that requests are not answered. */
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
 * Repeats work that failed because the database was away, this daemon's or that of the peer it asked. For accepted work that
 * otherwise only a sweep would take up again. It may have been done already, so it must be idempotent.
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

/** Seconds between the last of this many failures and the next attempt. */
export function pauseAfter(failures: number, pause = 1): number {
  return Math.min(pause * 2 ** (failures - 1), LONGEST_PAUSE);
}

/**
 * Whether the error means that nobody answered, or that the database of whoever answered is away. The request may or may
 * not have been served.
 */
export function isOutage(error: unknown): boolean {
  return isUnanswered(error) || error instanceof DatabaseUnavailable;
}

/** Whether the error means that nobody answered over the message bus. */
export function isUnanswered(error: unknown): error is Error {
  return (
    error instanceof MessagingTimeout ||
    error instanceof MessageDeliveryFailure ||
    error instanceof MessageUndeliverable
  );
}
