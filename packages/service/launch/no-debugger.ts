import inspector from 'node:inspector';
import type { Logger } from '@mini-nova/messaging';

/** The argument with which someone who wants a debugger starts Node.js. */
const ASKED = /^--inspect(-brk|-wait)?(=|$)/;

/**
 * At SIGUSR1 Node.js opens its debugger, through which whoever reaches the port can do anything. Listening for the
 * signal prevents that; a debugger that the signal opened before is closed.
 */
export function noDebugger(logger: Logger): () => void {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  if (inspector.url() !== undefined && !options.some((option) => ASKED.test(option))) {
    inspector.close();
    logger.warn({}, 'SIGUSR1 had opened the debugger of Node.js; it is closed');
  }
  return () => logger.info({}, 'SIGUSR1 does nothing; SIGUSR2 writes a report');
}
