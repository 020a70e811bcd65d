import { setImmediate as turn } from 'node:timers/promises';
import { isBusOutage } from '../bus-outage.ts';
import { Unavailable } from '../http-errors.ts';

/** Makes a cast, which is not sent any more once the signal has fired. */
export type Send = (options: { signal: AbortSignal }) => Promise<void>;

/**
 * - `sent`: the bus has it
 * - `unknown`: it was sent, but it is not known whether the bus has it. It cannot be taken back, and may arrive at any
 *   time
 */
export type CastOutcome = 'sent' | 'unknown';

/**
 * Waits for a cast for as long as its user may be kept waiting.
 *
 * @throws Unavailable when it was not sent within `timeout` seconds, and never will be
 */
export async function boundedCast(send: Send, timeout: number): Promise<CastOutcome> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), timeout * 1000);
  const sent = send({ signal: giveUp.signal });
  try {
    return await Promise.race([sent.then(() => 'sent' as const), unsettled(giveUp.signal)]);
  } catch (error) {
    if (giveUp.signal.aborted) {
      throw new Unavailable(`The message bus did not take the request within ${timeout} seconds.`);
    }
    throw isBusOutage(error)
      ? new Unavailable(`The message bus is away: ${error.message}`, { cause: error })
      : error;
  } finally {
    clearTimeout(timer);
    // Nobody needs to hear what becomes of it later.
    sent.catch(() => {});
  }
}

/** Resolves after the signal has fired and what was ended by it has had time to reject. */
async function unsettled(signal: AbortSignal): Promise<'unknown'> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await turn();
  return 'unknown';
}
