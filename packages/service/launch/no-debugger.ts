import inspector from 'node:inspector';
import type { Logger } from '@mini-nova/messaging';

/** What somebody who wants a debugger starts Node.js with. */
const ASKED = /^--inspect(-brk|-wait)?(=|$)/;

/**
 * At SIGUSR1 Node.js opens its debugger, through which whoever reaches the port can do anything; a program that listens for the signal
 * keeps it from that. One that a signal had opened before is closed.
 */
export function noDebugger(logger: Logger): () => void {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  if (inspector.url() !== undefined && !options.some((option) => ASKED.test(option))) {
    inspector.close();
    logger.warn({}, 'SIGUSR1 had opened the debugger of Node.js; it is closed');
  }
  return () => logger.info({}, 'SIGUSR1 does nothing; SIGUSR2 writes a report');
}
