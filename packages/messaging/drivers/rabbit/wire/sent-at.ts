import { readMachineClock } from './machine-clock.ts';

/**
 * Header of a call: when it was published, `<clock>/<milliseconds>` by the monotonic clock of the caller's machine. It
 * says something only to servers with the same clock.
 */
export const SENT_AT = 'x-sent-at';

const CLOCK = readMachineClock();
const PREFIX = `${CLOCK.name}/`;

/** The header's value, rounded down: no server sees a later deadline than the caller. @param at by performance.now() */
export function sentAtText(at: number): string {
  return PREFIX + Math.floor(at + CLOCK.offset);
}

/**
 * How long ago (ms) a message was sent; null when its header is of another clock, or of none.
 * @param now by performance.now()
 */
export function ageOf(header: unknown, now: number): number | null {
  if (typeof header !== 'string' || !header.startsWith(PREFIX)) return null;
  const age = now + CLOCK.offset - Number(header.slice(PREFIX.length));
  return Number.isFinite(age) ? age : null;
}
