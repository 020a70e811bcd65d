import { figure, markdownTable } from '../shared/table.ts';
import { BARE, HAND_WRITTEN } from './contenders.ts';
import { type CastFigures, type ContenderRounds, medianCalls, medianCasts } from './figures.ts';

const HEADS = [
  'in flight',
  'contender',
  'per second',
  '× hand-written',
  '× bare',
  'p50 ms',
  'p99 ms',
  'client µs',
  'server µs',
  'client loop ms',
  'server loop ms',
];

interface Line {
  id: string;
  cells: readonly string[];
  perSecond: number;
}

/** All medians, a group of lines for each load. */
export function figuresTable(contenders: readonly ContenderRounds[], inFlight: readonly number[]): string {
  const groups = [...inFlight.map((count) => callLines(contenders, count)), castLines(contenders)];
  return markdownTable(HEADS, groups.flat(), (column) => (column === 1 ? 'left' : 'right'));
}

function callLines(contenders: readonly ContenderRounds[], inFlight: number): string[][] {
  const measured = contenders.flatMap(({ id, title, calls }) => {
    const rounds = calls[inFlight] ?? [];
    return rounds.length === 0 ? [] : [{ id, title, figures: medianCalls(rounds) }];
  });
  return withRatios(
    measured.map(({ id, title, figures }) => ({
      id,
      perSecond: figures.perSecond,
      cells: [String(inFlight), title, figure(figures.p50, 2), figure(figures.p99, 2), ...endCells(figures)],
    })),
  );
}

function castLines(contenders: readonly ContenderRounds[]): string[][] {
  const measured = contenders.filter(({ casts }) => casts.length > 0);
  return withRatios(
    measured.map(({ id, title, casts }) => {
      const figures = medianCasts(casts);
      return { id, perSecond: figures.perSecond, cells: ['casts', title, '-', '-', ...endCells(figures)] };
    }),
  );
}

function endCells({ client, server }: CastFigures): string[] {
  return [figure(client.cpu), figure(server.cpu), figure(client.loopDelay, 1), figure(server.loopDelay, 1)];
}

function withRatios(lines: readonly Line[]): string[][] {
  const rate = (id: string): number => lines.find((line) => line.id === id)?.perSecond ?? Number.NaN;
  return lines.map(({ cells: [load = '', title = '', ...others], perSecond }) => [
    load,
    title,
    figure(perSecond),
    figure(perSecond / rate(HAND_WRITTEN), 2),
    figure(perSecond / rate(BARE), 2),
    ...others,
  ]);
}

/** Bytes per call in flight. */
export function memoryTable(contenders: readonly ContenderRounds[]): string {
  const heads = ['bytes per call in flight', 'client held', 'client RSS', 'server held', 'server RSS'];
  const rows = contenders.flatMap(({ title, memory }) => {
    if (memory === null) return [];
    const { client, server } = memory;
    return [[title, ...[client.held, client.rss, server.held, server.rss].map((value) => figure(value))]];
  });
  return rows.length === 0 ? '' : markdownTable(heads, rows);
}
