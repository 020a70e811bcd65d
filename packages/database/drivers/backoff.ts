import { setTimeout as sleep } from 'node:timers/promises';

/** Waits before try number `attempt` (from 1): random, up to 2, 4, 8 … and at most `maxMs` milliseconds. */
export async function backoff(attempt: number, maxMs: number): Promise<void> {
  await sleep(1 + Math.random() * Math.min(2 ** attempt, maxMs));
}
