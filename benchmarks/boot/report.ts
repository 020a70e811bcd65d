import { median } from '../shared/statistics.ts';
import { figure, markdownTable } from '../shared/table.ts';
import type { BootFigures } from './measure-boots.ts';
import { processorOf } from './targets.ts';

/** All rounds of one build of mini-nova. */
export interface TreeRounds {
  title: string;
  rounds: BootFigures[];
}

/** Medians of all rounds. */
export function bootTable(trees: readonly TreeRounds[]): string {
  const processes = [...new Set(trees.flatMap(({ rounds }) => Object.keys(rounds[0]?.processor ?? {})))];
  const each = processes.length > 1 ? processes : [];
  const heads = ['mini-nova', 'boots/s', 'processor ms per boot', ...each.map((name) => `of it ${name}`)];
  const rows = trees.map(({ title, rounds }) => [
    title,
    figure(median(rounds.map(({ perSecond }) => perSecond)), 1),
    figure(median(rounds.map(processorOf)), 1),
    ...each.map((name) => figure(median(rounds.map(({ processor }) => processor[name] ?? Number.NaN)), 1)),
  ]);
  return markdownTable(heads, rows);
}

/** Medians of all rounds. */
export function latencyTable(trees: readonly TreeRounds[]): string {
  const rows = trees.flatMap(({ title, rounds }) =>
    Object.keys(rounds[0]?.latencies ?? {}).map((name) => {
      const of = (key: 'p50' | 'p99' | 'longest') =>
        figure(median(rounds.map(({ latencies }) => latencies[name]?.[key] ?? Number.NaN)), 1);
      return [title, name, of('p50'), of('p99'), of('longest')];
    }),
  );
  return markdownTable(['mini-nova', 'asked meanwhile', 'p50 ms', 'p99 ms', 'longest ms'], rows, (column) =>
    column < 2 ? 'left' : 'right',
  );
}
