import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Figure } from '../figure.ts';
import { counted } from '../test/figures.ts';
import { figureMetrics } from './figure-metrics.ts';

function guests(counts: Record<string, number>): Figure {
  return {
    name: 'nova_guests',
    help: 'Guests',
    labels: ['state'],
    values: () => Object.entries(counts).map(([state, value]) => ({ labels: { state }, value })),
  };
}

test("the figures of all of a process's services are shown as they are at each scrape", async () => {
  const registry = new Registry();
  const onFigures = figureMetrics(registry);
  const counts: Record<string, number> = { running: 1 };
  onFigures('host1', [guests(counts)]);
  onFigures('host2', [guests({ running: 5 })]);
  counts.running = 2;
  counts.stray = 3;
  expect(await counted(registry, 'nova_guests')).toEqual({
    'nova_guests{host="host1",state="running"}': 2,
    'nova_guests{host="host1",state="stray"}': 3,
    'nova_guests{host="host2",state="running"}': 5,
  });
});

test('a service that is made again takes the place of the one before', async () => {
  const registry = new Registry();
  const onFigures = figureMetrics(registry);
  onFigures('host1', [guests({ running: 1, stray: 1 })]);
  onFigures('host1', [guests({ running: 7 })]);
  expect(await counted(registry, 'nova_guests')).toEqual({ 'nova_guests{host="host1",state="running"}': 7 });
});
