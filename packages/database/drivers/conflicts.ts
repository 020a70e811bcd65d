import { backoff } from './backoff.ts';
import { isConflict } from './driver-errors.ts';

const ATTEMPTS = 10;

/** Repeats what a deadlock or a serialization failure has rolled back: a transaction, or a statement outside one. */
export async function repeatOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
    await backoff(attempt, 100);
  }
}
