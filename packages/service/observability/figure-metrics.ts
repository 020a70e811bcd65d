import { Gauge, type Registry } from 'prom-client';
import type { Figure, FigureObserver } from '../figure.ts';

/** The services' own figures: the returned function is to be called for each service. */
export function figureMetrics(registry: Registry): FigureObserver {
  /** The figures by metric and host: a service that is made again replaces the one before. */
  const shown = new Map<string, Map<string, Figure>>();
  return (host, figures) => {
    for (const figure of figures) {
      const known = shown.get(figure.name);
      if (known) known.set(host, figure);
      else shown.set(figure.name, addGauge(registry, figure, new Map([[host, figure]])));
    }
  };
}

function addGauge(
  registry: Registry,
  { name, help, labels }: Figure,
  byHost: Map<string, Figure>,
): Map<string, Figure> {
  new Gauge({
    name,
    help,
    labelNames: ['host', ...labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const [host, figure] of byHost) {
        for (const value of figure.values()) this.set({ host, ...value.labels }, value.value);
      }
    },
  });
  return byHost;
}
