import type { TimelineEntry } from './timeline.ts';

/** The timeline as aligned lines. */
export function timelineText(entries: readonly TimelineEntry[]): string {
  const rows = entries.map(cellsOf);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `${lineOf(row, widths)}\n`).join('');
}

type Cells = readonly [at: string, kind: string, parties: string, what: string, took: string];

function cellsOf(entry: TimelineEntry): Cells {
  const at = `${entry.at} ms`;
  if (entry.kind === 'state') {
    return [at, 'state', 'instance', `${entry.vm_state} / ${entry.task_state ?? '-'}`, ''];
  }
  const { kind, from, to, method, duration } = entry;
  const took = duration === null ? '' : `${duration.toFixed(duration < 10 ? 1 : 0)} ms`;
  return [at, kind, `${from} -> ${to}`, method, took];
}

function lineOf([at, kind, parties, what, took]: Cells, [w0 = 0, w1 = 0, w2 = 0, w3 = 0]: number[]): string {
  const left = [at.padStart(w0), kind.padEnd(w1), parties.padEnd(w2), what.padEnd(w3)].join('  ');
  return `${left}  ${took.padStart(8)}`.trimEnd();
}
