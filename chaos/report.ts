import type { Ledger } from './ledger.ts';
import { PROBLEM_KINDS, type Problem, type ProblemKind } from './problems.ts';
import type { Settling } from './settle.ts';

/** What was done to the cloud. */
export interface Harm {
  /** The kind of harm, such as `kills`. */
  what: string;
  /** Counts by target, or by way. */
  counts: Record<string, number>;
}

export interface ChaosReport {
  seed: number;
  database: string;
  harm: Harm;
  /** Requests by operation and outcome. */
  requests: Record<string, number>;
  /** Answers 5xx other than 503. */
  failures: readonly string[];
  /** Daemons that ended on their own. */
  ended: readonly string[];
  settling: Settling;
  /** Seconds. */
  limit: number;
}

/** Whether nothing went wrong. */
export function passed({ settling, failures, ended }: ChaosReport): boolean {
  return settling.problems.length + failures.length + ended.length === 0;
}

export function countsOf(problems: readonly Problem[]): Record<ProblemKind, number> {
  const counts = PROBLEM_KINDS.map((kind) => [kind, problems.filter((one) => one.kind === kind).length]);
  return Object.fromEntries(counts) as Record<ProblemKind, number>;
}

export function reportText(report: ChaosReport, ledger: Ledger): string {
  const { settling, limit } = report;
  const counts = Object.entries(countsOf(settling.problems)).map(([kind, count]) => `${count} ${kind}`);
  return [
    `${harmText(report.harm)}, seed ${report.seed}, ${report.database}`,
    `${ledger.booted.size} boots and ${ledger.deleted.size} deletions accepted`,
    ...Object.entries(report.requests).map(([request, count]) => `  ${request}: ${count}`),
    `at rest after ${settling.seconds.toFixed(1)} s (${limit} s are allowed): ${counts.join(', ')}`,
    `${report.failures.length} requests answered with an error 500, ${report.ended.length} daemons that ended by themselves`,
    ...settling.problems.map(({ kind, what }) => `  ${kind}: ${what}`),
    ...report.failures.map((failure) => `  failed: ${failure}`),
    ...report.ended.map((name) => `  ended: ${name}`),
  ].join('\n');
}

function harmText({ what, counts }: Harm): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const each = Object.entries(counts).map(([target, count]) => `${target} ${count}`);
  return `${total} ${what} (${each.join(', ')})`;
}
