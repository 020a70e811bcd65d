import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { counted } from '../test/figures.ts';
import { addCounters, figuresOf, type MetricFigures, together } from './worker-figures.ts';

type Fill = (registry: Registry) => void;

/** As they arrive from another process. */
async function arrived(fill: Fill): Promise<MetricFigures[]> {
  const registry = new Registry();
  fill(registry);
  return JSON.parse(JSON.stringify(await figuresOf(registry)));
}

const delay =
  (value: number): Fill =>
  (registry) => {
    new Gauge({ name: 'delay', help: 'h', aggregator: 'average', registers: [registry] }).set(value);
  };

const work =
  (seconds: number): Fill =>
  (registry) => {
    const registers = [registry];
    new Histogram({ name: 'work', help: 'h', buckets: [1], labelNames: ['task'], registers }).observe(
      { task: 'a' },
      seconds,
    );
    new Counter({ name: 'runs_total', help: 'h', registers }).inc();
    new Gauge({ name: 'running', help: 'h', registers }).inc();
  };

test('a figure that one process does not have yet is the mean of the others', async () => {
  const all = together([await arrived(delay(4)), await arrived(delay(Number.NaN)), await arrived(delay(2))]);
  expect(await counted(all, 'delay')).toEqual({ delay: 3 });
});

test('what two processes have counted adds up, however often; what they were doing does not', async () => {
  let sum: MetricFigures[] = [];
  for (const seconds of [0.5, 2, 0.25]) sum = addCounters(sum, await arrived(work(seconds)));
  expect((await together([sum]).metrics()).split('\n').filter((line) => /^\w/.test(line))).toEqual([
    'work_bucket{le="1",task="a"} 2',
    'work_bucket{le="+Inf",task="a"} 3',
    'work_sum{task="a"} 2.75',
    'work_count{task="a"} 3',
    'runs_total 3',
  ]);
});
