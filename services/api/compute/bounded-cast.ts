import { isBusOutage } from '../bus-outage.ts';
import { Unavailable } from '../http-errors.ts';

/**
 * Waits for a cast, so long as its user may be kept waiting. A cast that is given up may still go out when the broker
 * is back: whoever gets it finds the instance in another state, and drops it.
 *
 * @throws Unavailable when it was not taken within `timeout` seconds
 */
export async function boundedCast(send: () => Promise<void>, timeout: number): Promise<void> {
  const { promise: timeUp, resolve: giveUp } = withTimer(timeout);
  const sent = send();
  try {
    const outcome = await Promise.race([sent, timeUp]);
    if (outcome === 'time is up') {
      // Its failure is no news any more.
      sent.catch(() => {});
      throw new Unavailable(`The message bus did not take the request within ${timeout} seconds.`);
    }
  } catch (error) {
    throw isBusOutage(error)
      ? new Unavailable(`The message bus is away: ${error.message}`, { cause: error })
      : error;
  } finally {
    giveUp();
  }
}

function withTimer(seconds: number): { promise: Promise<'time is up'>; resolve: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<'time is up'>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, 'time is up');
  });
  return { promise, resolve: () => clearTimeout(timer) };
}
