/** What this package needs of a logger. A pino logger fits as it is. */
export interface Logger {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
}

/** The default: says nothing. */
export const silentLogger: Logger = { info() {}, warn() {} };
