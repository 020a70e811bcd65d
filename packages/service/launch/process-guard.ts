import type { Logger } from '@mini-nova/messaging';
import { noDebugger } from './no-debugger.ts';
import { Terminal } from './terminal.ts';

/**
 * Milliseconds until the exit, in which pending writes leave the process: unless it is acknowledged, the request that
 * caused the error would be delivered to the next worker and end that too.
 */
const LAST_WRITES = 10;

/**
 * An uncaught error is a bug and leaves an unknown state: it is logged, and the process exits with 1. A terminal that
 * has gone does not change how the process exits, and SIGUSR1 opens no debugger. Returns a function that removes the
 * guard.
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
