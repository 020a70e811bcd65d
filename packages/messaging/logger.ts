import { inspect } from 'node:util';

/** The part of a logger that this package needs. A pino logger fits as it is. */
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
  ...silentLogger,
  warn: (data, message) => console.warn(message, data),
  error: (data, message) => console.error(message, data),
};

/** What was thrown, as text. Never throws: a method may throw anything, also what throws when it is looked at. */
export function reasonText(thrown: unknown): string {
  for (const toText of [String, inspect]) {
    try {
      return toText(thrown);
    } catch {
      // Its own toString, a getter or a proxy's trap; or it has no toString.
    }
  }
  return 'something that cannot be shown';
}

/**
 * What was thrown, if it can be asked what it is. Else an error that says so takes its place: a peer's request must not
 * get further than its own failure by the way in which it fails.
 */
export function presentable(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null) return thrown;
  try {
    for (let proto: object | null = thrown; proto !== null; proto = Object.getPrototypeOf(proto)) {
      void proto.constructor;
    }
    if (thrown instanceof Error) void `${thrown.name}${thrown.message}${thrown.stack}`;
    return thrown;
  } catch {
    return new Error(`The method has thrown ${reasonText(thrown)}`);
  }
}

/** Logs what was thrown, as an error. A logger that throws while inspecting it gets its text instead. */
export function logThrown(logger: Logger, thrown: unknown, data: object, message: string): void {
  try {
    logger.error({ err: thrown, ...data }, message);
  } catch {
    // What a getter or a method for `inspect` throws is no more use than what was thrown.
    logger.error({ reason: reasonText(thrown), ...data }, message);
  }
}
