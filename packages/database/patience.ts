import { AsyncLocalStorage } from 'node:async_hooks';

/** By performance.now(). */
const deadlines = new AsyncLocalStorage<number>();

/** Milliseconds that are always left: what is asked first thing is asked once, at least. */
const LEAST = 1500;

/**
 * Runs `work`; whatever asks a database in it that is away waits for it no longer than until so many seconds are over,
 * counted from now for all of `work`, and then fails with DatabaseUnavailable. One that is only slow is waited for. Within
 * another's patience the shorter one counts.
 */
export function withPatience<T>(seconds: number, work: () => T): T {
  const deadline = performance.now() + seconds * 1000;
  return deadlines.run(Math.min(deadline, deadlines.getStore() ?? Number.POSITIVE_INFINITY), work);
}

/** As `withPatience`, whatever patience there was before: for what has to be done when that is over. Infinity: no hurry. */
export function withNewPatience<T>(seconds: number, work: () => T): T {
  return deadlines.run(performance.now() + seconds * 1000, work);
}

/** Milliseconds; Infinity: nobody is in a hurry. Negative: it is over. */
export function patienceLeft(): number {
  return (deadlines.getStore() ?? Number.POSITIVE_INFINITY) - performance.now();
}

/** So many milliseconds, or what is left of the patience. */
export function boundedByPatience(milliseconds: number): number {
  return Math.min(milliseconds, Math.max(LEAST, patienceLeft()));
}
