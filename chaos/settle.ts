import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@mini-nova/data/database';
import type { DeployedCloud } from './cloud.ts';
import { type Expectations, findProblems, type Problem } from './problems.ts';
import { takeSnapshot } from './snapshot.ts';

export interface Settling {
  /** Seconds until nothing was wrong any more; the limit if something stays wrong. */
  seconds: number;
  /** The problems that remained. */
  problems: readonly Problem[];
}

/** Where to look. */
export interface Sight {
  cloud: DeployedCloud;
  db: Database;
  computes: readonly string[];
  expected: Expectations;
}

export async function currentProblems({ cloud, db, computes, expected }: Sight): Promise<Problem[]> {
  return findProblems(await takeSnapshot(db, computes, cloud.guestsPath), expected);
}

/** Waits until two checks in a row find nothing wrong, or the time in which everything must come to rest is over. */
export async function settle(sight: Sight, limit: number): Promise<Settling> {
  const start = performance.now();
  let clean = 0;
  for (;;) {
    const seconds = (performance.now() - start) / 1000;
    const problems = await currentProblems(sight);
    clean = problems.length === 0 ? clean + 1 : 0;
    if (clean === 2 || (seconds >= limit && clean === 0)) return { seconds, problems };
    await sleep(500);
  }
}
