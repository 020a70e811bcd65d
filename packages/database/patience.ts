import { AsyncLocalStorage } from 'node:async_hooks';

/** By performance.now(). */
const deadlines = new AsyncLocalStorage<number>();

/** Milliseconds that are always left, so that even the first query is made at least once. */
const LEAST = 1500;

/**
 * Runs `work`. A query in it waits for a database that is away only until so many seconds have passed, counted from
 * now for all of `work`, and then fails with DatabaseUnavailable; a database that is merely slow is waited for. When
 * nested, the shorter patience counts.
 */
export function withPatience<T>(seconds: number, work: () => T): T {
  const deadline = performance.now() + seconds * 1000;
  return deadlines.run(Math.min(deadline, deadlines.getStore() ?? Number.POSITIVE_INFINITY), work);
}

/**
 * Like `withPatience`, but replaces the surrounding patience: for work that must be done when that is over. Infinity:
 * no hurry.
 */
export function withNewPatience<T>(seconds: number, work: () => T): T {
  return deadlines.run(performance.now() + seconds * 1000, work);
}

/** Milliseconds; Infinity: nobody is in a hurry. Negative: it is over. */
export function patienceLeft(): number {
  return (deadlines.getStore() ?? Number.POSITIVE_INFINITY) - performance.now();
}

/** So many milliseconds, or the remaining patience if that is less. */
export function boundedByPatience(milliseconds: number): number {
  return Math.min(milliseconds, Math.max(LEAST, patienceLeft()));
}
