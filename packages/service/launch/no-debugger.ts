import inspector from 'node:inspector';
import type { Logger } from '@mini-nova/messaging';

/** The argument with which someone who wants a debugger starts Node.js. */
const ASKED = /^--inspect(-brk|-wait)?(=|$)/;

/**
 * Milliseconds after which a debugger that was closed is looked for again: Node.js 24 takes the signal twice, and opens it once more in a later
 * turn of the event loop.
 */
const LOOK_AGAIN = [0, 100, 1000];

/**
 * At SIGUSR1 Node.js opens its debugger, through which whoever reaches the port can do anything. Listening for the
 * signal prevents that; a debugger that the signal opened before is closed.
 */
export function noDebugger(logger: Logger): () => void {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  const wasOpen = !options.some((option) => ASKED.test(option)) && closeDebugger(logger);
  if (wasOpen) for (const delay of LOOK_AGAIN) setTimeout(closeDebugger, delay, logger).unref();
  return () => logger.info({}, 'SIGUSR1 does nothing; SIGUSR2 writes a report');
}

/** Whether there was one. */
function closeDebugger(logger: Logger): boolean {
  if (inspector.url() === undefined) return false;
  inspector.close();
  logger.warn({}, 'SIGUSR1 had opened the debugger of Node.js; it is closed');
  return true;
}
