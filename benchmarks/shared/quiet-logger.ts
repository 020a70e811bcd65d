import { consoleLogger, type Logger, silentLogger } from '@mini-nova/messaging';

/** Errors only: where the broker is killed on purpose, the warnings that it is away say nothing new. */
export const quietLogger: Logger = {
  ...silentLogger,
  error: (fields, message) => consoleLogger.error(fields, message),
};
