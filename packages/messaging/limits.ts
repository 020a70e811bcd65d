/**
 * The bounds of one transport's memory, in one place. What is beyond them waits at the broker, or is refused with
 * `Overloaded`; nothing grows with the load.
 */
export interface Limits {
  /**
   * Bytes of requests that a server holds, running or waiting to run. Beyond it, requests stay unacknowledged at the
   * broker. Default 64 MiB: thousands of ordinary requests, dozens of the largest.
   */
  intakeBytes: number;
  /**
   * Bytes of messages that wait for the broker to take them. Beyond it, sending fails with `Overloaded`. Default
   * 64 MiB: a broker's restart under thousands of messages per second fits.
   */
  outboxBytes: number;
  /**
   * Bytes of a multicall's results that its reader has not taken yet. Beyond it, the multicall fails with
   * `Overloaded`. Default 16 MiB.
   */
  streamBytes: number;
  /** Messages that a queue of the memory transport keeps while nobody consumes it. Default 10,000. */
  queueMessages: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  intakeBytes: 64 * MIB,
  outboxBytes: 64 * MIB,
  streamBytes: 16 * MIB,
  queueMessages: 10_000,
};

/** @throws TypeError when a limit is not a number above zero */
export function limitsWith(given: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (!(value > 0)) throw new TypeError(`limits.${name} is ${value}, but must be more than 0`);
    limits[name] = value;
  }
  return limits;
}
