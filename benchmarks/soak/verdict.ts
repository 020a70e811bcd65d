import { figure, markdownTable } from '../shared/table.ts';
import type { Memory } from '../shared/usage.ts';
import type { FlowTally } from './client.ts';
import type { Flow } from './flows.ts';
import type { BothEnds } from './memory-baseline.ts';

export interface FlowVerdict {
  name: string;
  tally: FlowTally;
  /** Sent, but neither accepted nor refused. */
  pending: number;
  /** Accepted by the transport, but never run. */
  lost: number;
  /** Run more than once. */
  repeated: number;
}

const MOST_GROWTH = 1.1;

/** `accepted` and `received`: how often, by message number. */
export function judgeFlow(
  { name }: Flow,
  tally: FlowTally,
  accepted: readonly number[],
  received: readonly number[],
): FlowVerdict {
  const failures = Object.values(tally.failed).reduce((sum, count) => sum + count, 0);
  return {
    name,
    tally,
    pending: tally.sent - tally.done - failures,
    lost: accepted.filter((count, n) => count > 0 && (received[n] ?? 0) === 0).length,
    repeated: received.filter((count) => count > 1).length,
  };
}

/** Returns whether every promise was kept. */
export function printVerdicts(verdicts: readonly FlowVerdict[], before: BothEnds, after: BothEnds): boolean {
  const heads = ['flow', 'sent', 'accepted or answered', 'typed errors', 'never settled', 'lost', 'repeated'];
  const rows = verdicts.map(({ name, tally, pending, lost, repeated }) => [
    name,
    figure(tally.sent),
    figure(tally.done),
    Object.entries(tally.failed)
      .map(([error, count]) => `${count} ${error}`)
      .join(', ') || '0',
    figure(pending),
    figure(lost),
    figure(repeated),
  ]);
  console.log(`\n${markdownTable(heads, rows)}\n`);
  const grown = [
    memoryLine('client', before.client, after.client),
    memoryLine('server', before.server, after.server),
  ];
  const kept = verdicts.every(({ lost, pending }) => lost === 0 && pending === 0);
  console.log(`${kept ? 'met   ' : 'MISSED'} every accepted cast arrived, and every promise settled`);
  return kept && grown.every((met) => met);
}

function memoryLine(end: string, before: Memory, after: Memory): boolean {
  const met = after.held <= before.held * MOST_GROWTH;
  const change = figure((after.held / before.held - 1) * 100, 1);
  const held = `${mebibytes(before.held)} MiB before, ${mebibytes(after.held)} MiB after (${change} %)`;
  const rss = `RSS ${mebibytes(before.rss)} and ${mebibytes(after.rss)} MiB`;
  console.log(`${met ? 'met   ' : 'MISSED'} ${end} memory at most 10 % above before: ${held}; ${rss}`);
  return met;
}

function mebibytes(bytes: number): string {
  return figure(bytes / 1024 / 1024, 1);
}
