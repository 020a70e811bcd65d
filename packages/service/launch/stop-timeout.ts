import type { Logger } from '@mini-nova/messaging';
import { after } from '../timer.ts';

/** Seconds that a stop may take: the default graceful shutdown timeout, and some more for what comes after it. */
export const STOP_TIMEOUT = 65;

/** Seconds that a quick stop may take. */
export const QUICK_STOP_TIMEOUT = 5;

/** Seconds beyond the graceful shutdown timeout for all other steps of a stop. */
export const STOP_GRACE = 5;

/** Ends the process with 1 unless it ends by itself, or the timer is cleared, within so many seconds. */
export function endProcessAfter(seconds: number, logger: Logger): NodeJS.Timeout {
  return after(seconds, () => {
    logger.error({ seconds }, 'The stop hangs; exiting at once');
    process.exit(1);
  });
}
