import { median } from '../shared/statistics.ts';
import { figure, markdownTable } from '../shared/table.ts';
import type { CallSummary } from './call-tally.ts';
import type { DaemonMemory } from './daemon-memory.ts';
import type { RunFigures } from './verdict.ts';

export interface RestartReport extends RunFigures {
  /** Seconds of each restart. */
  restarts: readonly number[];
  /** From the first restart to the last. */
  seconds: number;
  memory: readonly [begin: DaemonMemory, end: DaemonMemory];
  /** What the daemon logged as warnings or worse, and how often. */
  troubles: Readonly<Record<string, number>>;
}

export function progressLine(restarts: number, calls: CallSummary, { primary }: DaemonMemory): string {
  const { made, answered, errors, pending, longest } = calls;
  const parts = [
    `${figure(restarts)} restarts`,
    `${figure(answered)} of ${figure(made)} calls answered`,
    `${figure(pending)} in flight`,
    `errors: ${counted(errors)}`,
    `longest wait ${figure(longest)} ms`,
    `primary ${figure(primary, 1)} MB`,
  ];
  return parts.join(', ');
}

export function restartReport(report: RestartReport): string {
  const { restarts, seconds, calls, executions, memory, broker, troubles } = report;
  const { made, answered, p50, p99, longest, processes } = calls;
  const heads = ['calls', 'answered', 'failed', 'repeated', 'p50 ms', 'p99 ms', 'longest ms', 'by processes'];
  const repeated = executions.filter((count) => count > 1).length;
  const counts = [figure(made), figure(answered), failures(calls), figure(repeated)];
  const waits = [p50, p99, longest].map((wait) => figure(wait, 1));
  return [
    `${figure(restarts.length)} restarts in ${figure(seconds, 1)} s: ${figure(restarts.length / seconds, 2)} per second, ` +
      `${figure(median(restarts), 2)} s each (median; longest ${figure(Math.max(...restarts), 2)} s)\n`,
    markdownTable(heads, [[...counts, ...waits, figure(processes)]]),
    '',
    markdownTable(
      ['', 'primary MB', 'workers MB', 'queues', 'messages'],
      (['begin', 'end'] as const).map((when, index) => [
        when,
        figure(memory[index]?.primary, 1),
        memory[index]?.workers.map((worker) => figure(worker, 1)).join(' ') || '-',
        figure(broker[index]?.queues),
        figure(broker[index]?.messages),
      ]),
    ),
    '',
    `logged by the daemon, warnings and worse: ${counted(troubles)}`,
  ].join('\n');
}

function failures({ errors, pending }: CallSummary): string {
  return counted(pending === 0 ? errors : { ...errors, pending });
}

function counted(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? '0' : parts.join(', ');
}
