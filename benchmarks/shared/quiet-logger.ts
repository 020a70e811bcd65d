import { consoleLogger, type Logger, silentLogger } from '@mini-nova/messaging';

/** Errors only: that the broker is away, which is a warning, is known where it is killed on purpose. */
export const quietLogger: Logger = {
  ...silentLogger,
  error: (fields, message) => consoleLogger.error(fields, message),
};
