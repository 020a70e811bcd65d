import { given } from './collections.ts';

/**
 * The bounds of one transport's memory, in one place. What is beyond them waits at the broker, or is refused with
 * `Overloaded`; nothing grows with the load.
 */
export interface Limits {
  /**
   * Bytes of requests that a server runs at once. Beyond it, requests wait unacknowledged; the broker sends only so
   * many of them ahead. Default 64 MiB: thousands of ordinary requests, dozens of the largest.
   */
  intakeBytes: number;
  /**
   * Bytes of messages that wait for the broker to take them: calls and casts together; notifications, and casts that
   * wait for a missing queue, may each be as many. Beyond it, sending fails with `Overloaded`, and a cast without a
   * queue with `MessageUndeliverable`. Default 64 MiB: a broker's restart under thousands of messages per second fits.
   */
  outboxBytes: number;
  /**
   * Bytes of a multicall's results that its reader has not taken yet. Beyond it, the multicall fails with
   * `Overloaded`. Default 16 MiB.
   */
  streamBytes: number;
  /**
   * Messages that wait in a queue of the memory transport. Requests beyond it are taken while a server has room for
   * them, notifications are not. Default 10,000.
   */
  queueMessages: number;
}

const MIB = 1024 * 1024;

/** What holds where a transport is given no other limit: 64 MiB in, 64 MiB out, 16 MiB per multicall. */
export const DEFAULT_LIMITS: Limits = {
  intakeBytes: 64 * MIB,
  outboxBytes: 64 * MIB,
  streamBytes: 16 * MIB,
  queueMessages: 10_000,
};

/** @throws TypeError when a limit is not a number above zero, or there is none of that name */
export function limitsWith(limits: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      throw new TypeError(`limits.${name} is no limit; there are ${Object.keys(DEFAULT_LIMITS).join(', ')}`);
    }
    if (value !== undefined && !(typeof value === 'number' && value > 0)) {
      throw new TypeError(`limits.${name} is ${value}, but must be a number above 0`);
    }
  }
  return { ...DEFAULT_LIMITS, ...given(limits) };
}

/** The largest prefetch: RabbitMQ's is a 16-bit number. */
export const PREFETCH_MAX = 65_535;
/** Timers take a 32-bit number of milliseconds; a longer one would fire at once. */
export const MAX_TIMER = 2 ** 31 - 1;

export function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** @throws TypeError when a prefetch is given, but is none */
export function checkPrefetch(prefetch: number | undefined, unit: 'requests' | 'notifications'): void {
  if (prefetch !== undefined && !isWhole(prefetch, 0, PREFETCH_MAX)) {
    throw new TypeError(`prefetch is ${prefetch}, but must be 0 (no limit) to ${PREFETCH_MAX} ${unit}`);
  }
}

/** @throws TypeError when a time is given, but is none */
export function checkSeconds(name: string, value: number | undefined): void {
  if (value !== undefined && !(typeof value === 'number' && value > 0)) {
    throw new TypeError(`${name} is ${String(value)}, but must be a number of seconds above 0`);
  }
}

/** @throws TypeError when a number of tries is given, but is none */
export function checkRetry(retry: number | undefined): void {
  if (retry !== undefined && !isWhole(retry, -1, Number.POSITIVE_INFINITY)) {
    throw new TypeError(`retry is ${retry}, but must be -1 (forever), 0 (never) or a number of times`);
  }
}
