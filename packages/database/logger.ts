/** The part of a logger that this package needs. A pino logger fits as it is. */
export interface Logger {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
}

/** The default: says nothing. */
export const silentLogger: Logger = { info() {}, warn() {} };
