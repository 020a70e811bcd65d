import { median } from '../shared/statistics.ts';
import type { Memory } from '../shared/usage.ts';

/** The resources that one end used. */
export interface EndFigures {
  /** Microseconds of processor time per call or cast. */
  cpu: number;
  /** 99th percentile, milliseconds; null where there is no event loop. */
  loopDelay: number | null;
}

export interface CastFigures {
  perSecond: number;
  client: EndFigures;
  server: EndFigures;
}

export interface CallFigures extends CastFigures {
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** Bytes per call in flight. */
export interface MemoryFigures {
  client: Memory;
  server: Memory;
}

/** All measurements of one contender, round by round. */
export interface ContenderRounds {
  id: string;
  title: string;
  /** By the number in flight. */
  calls: Record<number, CallFigures[]>;
  casts: CastFigures[];
  memory: MemoryFigures | null;
}

/** The median of each figure over the rounds. */
export function medianCalls(rounds: readonly CallFigures[]): CallFigures {
  return {
    ...medianCasts(rounds),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
  };
}

export function medianCasts(rounds: readonly CastFigures[]): CastFigures {
  return {
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    client: medianEnd(rounds.map(({ client }) => client)),
    server: medianEnd(rounds.map(({ server }) => server)),
  };
}

function medianEnd(ends: readonly EndFigures[]): EndFigures {
  const delays = ends.map(({ loopDelay }) => loopDelay).filter((delay) => delay !== null);
  return {
    cpu: median(ends.map(({ cpu }) => cpu)),
    loopDelay: delays.length === 0 ? null : median(delays),
  };
}
