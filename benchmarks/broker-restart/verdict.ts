import type { Absence } from '../shared/restart-broker.ts';
import { type CallRecords, OK, UNTYPED } from './call-record.ts';

/** The effect of a broker's restart on the calls. Times are seconds beyond the broker's own absence. */
export interface Verdict {
  calls: number;
  answered: number;
  /** Calls that failed, by the kind of their error. */
  typedErrors: Record<string, number>;
  /** Calls that never settled, or failed with an error that means nothing. */
  lost: number;
  /** Calls that a server ran more than once. */
  repeated: number;
  /** The longest time in which no call was answered. */
  longestStall: number;
  /** The longest that a call waited for its answer. */
  longestWait: number;
  /** The longest that a call waited for its error; null when none failed. */
  slowestError: number | null;
}

export function judge(records: CallRecords, executions: readonly number[], absence: Absence): Verdict {
  const { sentAt, outcomes } = records;
  const ok = sentAt.flatMap((_, n) => (outcomes[n] === OK ? [n] : []));
  const failed = sentAt.flatMap((_, n) => (isTyped(outcomes[n]) ? [n] : []));
  const waits = (numbers: readonly number[]): number[] =>
    numbers.map((n) => beyond(sentAt[n] ?? 0, records.settledAt[n] ?? 0, absence));
  return {
    calls: sentAt.length,
    answered: ok.length,
    typedErrors: tally(failed.map((n) => outcomes[n] ?? '')),
    lost: sentAt.length - ok.length - failed.length,
    repeated: executions.filter((count) => count > 1).length,
    longestStall: longestStall(records, ok, absence),
    longestWait: highest(waits(ok)),
    slowestError: failed.length === 0 ? null : highest(waits(failed)),
  };
}

function isTyped(outcome: string | null | undefined): boolean {
  return typeof outcome === 'string' && outcome !== OK && !outcome.startsWith(UNTYPED);
}

/** The longest time between two consecutive answers, from the first sending to the last. */
function longestStall({ sentAt, settledAt }: CallRecords, ok: readonly number[], absence: Absence): number {
  const answers = ok.map((n) => settledAt[n] ?? 0).sort((a, b) => a - b);
  const points = [sentAt[0] ?? 0, ...answers, Math.max(sentAt.at(-1) ?? 0, answers.at(-1) ?? 0)];
  return highest(points.slice(1).map((point, index) => beyond(points[index] ?? point, point, absence)));
}

/** Seconds from one time to the other, not counting the broker's absence. */
function beyond(from: number, to: number, absence: Absence): number {
  const absent = Math.max(Math.min(to, absence.to) - Math.max(from, absence.from), 0);
  return (to - from - absent) / 1000;
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
