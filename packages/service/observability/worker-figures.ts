import { AggregatorRegistry, type Registry } from 'prom-client';

/** One metric of a process, as prom-client exports it; it passes between processes as JSON. */
export interface MetricFigures {
  name: string;
  help: string;
  type: string;
  /** How the values of several processes are combined: sum, min, average, … */
  aggregator: string;
  values: { value: number; labels: Record<string, string | number>; metricName?: string }[];
}

/** All figures of a registry. */
export async function figuresOf(registry: Registry): Promise<MetricFigures[]> {
  // prom-client's types declare `type` as a numeric enumeration; in fact it is the type's name.
  const metrics = (await registry.getMetricsAsJSON()) as unknown as MetricFigures[];
  return metrics.map(finite);
}

/** One registry with the figures of several processes. */
export function together(figures: readonly (readonly MetricFigures[])[]): Registry {
  return AggregatorRegistry.aggregate(figures.map((metrics) => [...metrics]));
}

/** The sums of what two processes have counted. */
export function addCounters(some: readonly MetricFigures[], more: readonly MetricFigures[]): MetricFigures[] {
  // The metrics of an aggregated registry are plain figures.
  const sums = together([
    countersOf(some),
    countersOf(more),
  ]).getMetricsAsArray() as unknown as MetricFigures[];
  return sums.map(({ name, help, type, aggregator, values }) => ({ name, help, type, aggregator, values }));
}

/** What stays true of a process that has gone or does not answer: what it has counted. */
export function countersOf(figures: readonly MetricFigures[]): MetricFigures[] {
  return figures.filter(({ type }) => type === 'counter' || type === 'histogram');
}

/** JSON has no NaN, which prom-client has for "no sample yet": it would arrive as a null, and count as 0. */
function finite(metric: MetricFigures): MetricFigures {
  return { ...metric, values: metric.values.filter(({ value }) => Number.isFinite(value)) };
}
