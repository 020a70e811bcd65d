import type { Target } from '../shared/target.ts';
import type { CallSummary } from './call-tally.ts';

/** What the broker holds. */
export interface BrokerState {
  queues: number;
  messages: number;
}

/** The facts by which a run is judged. */
export interface RunFigures {
  calls: CallSummary;
  /** By call number, how often it ran. */
  executions: readonly number[];
  /** Before the first call and after the last. */
  broker: readonly [begin: BrokerState, end: BrokerState];
}

/** How often each call ran, by its number, from a file with a line for each run. */
export function countExecutions(lines: string): number[] {
  const counts: number[] = [];
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    const n = Number(line);
    counts[n] = (counts[n] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}

/** Every call that was not answered is lost: callers must see only results. */
export function restartTargets({ calls, executions, broker: [begin, end] }: RunFigures): Target[] {
  return [
    none('calls lost', calls.made - calls.answered),
    none('calls that ran more than once', executions.filter((count) => count > 1).length),
    none('queues more than at the begin', end.queues - begin.queues),
    none('messages left in queues', end.messages),
  ];
}

function none(what: string, count: number): Target {
  return { what, wanted: '= 0', actual: count, met: count <= 0, digits: 0 };
}
