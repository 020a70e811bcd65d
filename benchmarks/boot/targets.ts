import { median } from '../shared/statistics.ts';
import type { Target } from '../shared/target.ts';
import type { CloudKind } from './cloud-process.ts';
import { type BootFigures, IDLE } from './measure-boots.ts';

/** Milliseconds of processor time, with everything in one process. */
const MOST_PROCESSOR = 10;
/** Milliseconds, of the 99th percentile. */
const MOST_LATENCY = 50;

/** What we promise: prompt answers, however many servers boot, and the cost of a boot. */
export function bootTargets(kind: CloudKind, rounds: readonly BootFigures[]): Target[] {
  const asked = Object.keys(rounds[0]?.latencies ?? {}).filter((name) => name !== IDLE);
  const latencies = asked.map((name) => {
    const p99 = rounds.map(({ latencies }) => latencies[name]?.p99 ?? Number.NaN);
    return target(`${name}, p99 ms`, { wanted: '<', most: MOST_LATENCY }, p99);
  });
  // How the daemons share the work is not promised.
  if (kind === 'rabbit') return latencies;
  const processor = target(
    'processor ms per boot',
    { wanted: '<=', most: MOST_PROCESSOR },
    rounds.map(processorOf),
  );
  return [processor, ...latencies];
}

/** Of all processes. */
export function processorOf({ processor }: BootFigures): number {
  return Object.values(processor).reduce((sum, value) => sum + value, 0);
}

interface Limit {
  wanted: '<' | '<=';
  most: number;
}

/** A target that was never measured has no median, and is not met. */
function target(what: string, { wanted, most }: Limit, values: readonly number[]): Target {
  const actual = median(values);
  const met = wanted === '<' ? actual < most : actual <= most;
  const spread = [Math.min(...values), Math.max(...values)] as const;
  return { what, wanted: `${wanted} ${most}`, actual, met, spread };
}
