import type { Target } from '../shared/target.ts';
import { BARE, HAND_WRITTEN, MINI_NOVA } from './contenders.ts';
import { type CallFigures, type ContenderRounds, medianCalls } from './figures.ts';

const PEERS: readonly (readonly [id: string, least: number])[] = [
  [HAND_WRITTEN, 0.9],
  [BARE, 0.65],
  ['nestjs', 1.2],
  ['rabbitmq-client', 1.4],
  ['oslo-messaging', 10],
];
const MOST_LATENCY = 1.1;
const LEAST_IN_MEMORY = 100_000;

/** What we promise, as far as it was measured. `memoryRate`: calls per second on the memory transport. */
export function targets(contenders: readonly ContenderRounds[], memoryRate: number | null): Target[] {
  const roundsOf = (id: string, inFlight: number): readonly CallFigures[] =>
    contenders.find((contender) => contender.id === id)?.calls[inFlight] ?? [];
  const found: Target[] = [];
  const compare = (
    id: string,
    inFlight: number,
    value: (figures: CallFigures) => number,
  ): Ratio | undefined => ratio(roundsOf(MINI_NOVA, inFlight), roundsOf(id, inFlight), value);
  for (const [id, least] of PEERS) {
    const rates = compare(id, 64, ({ perSecond }) => perSecond);
    if (rates === undefined) continue;
    found.push({
      what: `calls/s at 64, × ${id}`,
      wanted: `>= ${least}`,
      ...rates,
      met: rates.actual >= least,
    });
  }
  const latencies = compare(HAND_WRITTEN, 1, ({ p50 }) => p50);
  if (latencies !== undefined) {
    const what = `p50 at 1, × ${HAND_WRITTEN}`;
    const met = latencies.actual <= MOST_LATENCY;
    found.push({ what, wanted: `<= ${MOST_LATENCY}`, ...latencies, met });
  }
  if (memoryRate !== null) {
    const met = memoryRate >= LEAST_IN_MEMORY;
    found.push({ what: 'memory transport, calls/s', wanted: '>= 100,000', actual: memoryRate, met });
  }
  return found;
}

type Ratio = Pick<Target, 'actual'> & Required<Pick<Target, 'spread'>>;

function ratio(
  ours: readonly CallFigures[],
  theirs: readonly CallFigures[],
  value: (figures: CallFigures) => number,
): Ratio | undefined {
  if (ours.length === 0 || theirs.length === 0) return undefined;
  const byRound = ours.flatMap((figures, round) => {
    const other = theirs[round];
    return other === undefined ? [] : [value(figures) / value(other)];
  });
  const actual = value(medianCalls(ours)) / value(medianCalls(theirs));
  return { actual, spread: [Math.min(...byRound), Math.max(...byRound)] };
}
