import { median } from '../shared/statistics.ts';
import type { Target } from '../shared/target.ts';
import type { StartFigures } from './subject.ts';

/** Seconds. */
const MOST_TIME = 1;
/** MB. */
const MOST_MEMORY = 110;

type Figure = (start: StartFigures) => number | null;

/** What we promise for nova-conductor: limits, each of which must be above its median. */
export function startTargets(starts: readonly StartFigures[]): Target[] {
  return [
    target('start to its log line, s', MOST_TIME, starts, ({ line }) => line),
    target('start to an answered ping, s', MOST_TIME, starts, ({ answer }) => answer),
    target('resident when ready, MB', MOST_MEMORY, starts, ({ memory }) => memory),
    target('resident 2 s later, MB', MOST_MEMORY, starts, ({ memoryLater }) => memoryLater),
  ];
}

/** A target that was never measured has no median, and is not met. */
function target(what: string, below: number, starts: readonly StartFigures[], value: Figure): Target {
  const values = starts.map((start) => value(start) ?? Number.NaN);
  const actual = median(values);
  const spread = [Math.min(...values), Math.max(...values)] as const;
  return { what: `nova-conductor, ${what}`, wanted: `< ${below}`, actual, met: actual < below, spread };
}
