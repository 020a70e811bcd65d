import type { Registry } from 'prom-client';

/** A line of Prometheus' text format: `name{label="value"} 1`. */
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;

/** The figures of a `/metrics` answer, by name and labels as they stand there. */
export function figuresOf(text: string): Map<string, number> {
  const figures = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`This is no line of Prometheus' format: ${line}`);
    const [, name = '', labels, value] = match;
    figures.set(labels === undefined ? name : `${name}{${labels}}`, Number(value));
  }
  return figures;
}

/** The figures whose names begin with this, without the buckets of histograms and the sums of times. */
export async function counted(registry: Registry, prefix: string): Promise<Record<string, number>> {
  const figures = [...figuresOf(await registry.metrics())];
  return Object.fromEntries(
    figures.filter(([key]) => key.startsWith(prefix) && !/_(bucket|sum)\b/.test(key)),
  );
}
