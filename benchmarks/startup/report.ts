import { median } from '../shared/statistics.ts';
import { figure, markdownTable } from '../shared/table.ts';
import type { StartFigures, SubjectRounds } from './subject.ts';

type Column = readonly [head: string, value: (start: StartFigures) => number | null, digits: number];

const COLUMNS: readonly Column[] = [
  ['log line s', ({ line }) => line, 2],
  ['ping answered s', ({ answer }) => answer, 2],
  ['processor s', ({ cpu }) => cpu, 2],
  ['MB when ready', ({ memory }) => memory, 1],
  ['MB 2 s later', ({ memoryLater }) => memoryLater, 1],
  ['MB at most', ({ memoryPeak }) => memoryPeak, 1],
];

/** The medians of all starts. */
export function startTable(subjects: readonly SubjectRounds[]): string {
  return markdownTable(['process', ...COLUMNS.map(([head]) => head)], subjects.map(row));
}

function row({ title, starts }: SubjectRounds): string[] {
  const cells = COLUMNS.map(([, value, digits]) => {
    const values = starts.map((start) => value(start) ?? Number.NaN);
    return figure(median(values), digits);
  });
  return [title, ...cells];
}
