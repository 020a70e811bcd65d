/** What this package needs of a logger. A pino logger fits as it is. */
export interface Logger {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/** Says nothing: for tests and for programs that watch errors themselves. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** The default: warnings and errors go to standard error, the rest is dropped. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn: (data, message) => console.warn(message, data),
  error: (data, message) => console.error(message, data),
};
