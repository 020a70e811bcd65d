import type { Result } from './trial.ts';

/** Where nothing was killed, nothing is shown: no point is named so, or none was passed again. */
export function passed(results: readonly Pick<Result, 'killed' | 'settling'>[]): boolean {
  return (
    results.some(({ killed }) => killed) && results.every(({ settling }) => settling.problems.length === 0)
  );
}
