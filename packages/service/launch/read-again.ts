import type { Logger } from '@mini-nova/messaging';
import type { LaunchOptions, RestartMethod } from './launcher.ts';

/** Reads the configuration again, to the extent of the reload method. Logs and returns false when it cannot be used. */
export function readAgain(
  { logger, readConfiguration }: Pick<LaunchOptions, 'readConfiguration'> & { logger: Logger },
  method: RestartMethod,
): boolean {
  try {
    readConfiguration?.(method === 'reload');
    return true;
  } catch (error) {
    logger.error({ err: error }, 'The configuration cannot be used; nothing has changed');
    return false;
  }
}
