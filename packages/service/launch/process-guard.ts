import type { Logger } from '@mini-nova/messaging';
import { noDebugger } from './no-debugger.ts';
import { Terminal } from './terminal.ts';

/**
 * Milliseconds until the exit. What was written before leaves the process meanwhile: without its acknowledgement, the
 * request that caused the error would be delivered to the next worker, and end that.
 */
const LAST_WRITES = 10;

/**
 * An error nobody caught is a bug, and the state it leaves is unknown: it is logged, and the process exits with
 * 1. A terminal that has gone does not change how the process exits, and SIGUSR1
 * opens no debugger. Returns what takes the guard away.
 */
export function guardProcess(logger: Logger): () => void {
  const die = (event: string) => (error: unknown) => {
    logger.error({ err: error, event }, 'An error was caught nowhere; exiting');
    setTimeout(() => process.exit(1), LAST_WRITES);
  };
  const onException = die('uncaughtException');
  const onRejection = die('unhandledRejection');
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  const terminal = new Terminal();
  const onExit = (): void => terminal.leave();
  process.on('exit', onExit);
  const onDebug = noDebugger(logger);
  process.on('SIGUSR1', onDebug);
  return () => {
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onRejection);
    process.off('exit', onExit);
    process.off('SIGUSR1', onDebug);
    terminal.leave();
  };
}
