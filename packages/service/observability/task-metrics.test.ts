import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { counted, figuresOf } from '../test/figures.ts';
import { heartbeatMetrics } from './heartbeat-metrics.ts';
import { taskMetrics } from './task-metrics.ts';

test('task runs are timed and their errors counted, starting at 0', async () => {
  const registry = new Registry();
  const onRun = taskMetrics(registry);
  onRun({ task: 'sync', duration: 0.25 });
  onRun({ task: 'sync', duration: 0.5, error: new Error('no database') });
  onRun({ task: 'reap', duration: 0.1 });
  expect(await counted(registry, 'nova_periodic_task')).toEqual({
    'nova_periodic_task_duration_seconds_count{task="sync"}': 2,
    'nova_periodic_task_duration_seconds_count{task="reap"}': 1,
    'nova_periodic_task_errors_total{task="sync"}': 1,
    'nova_periodic_task_errors_total{task="reap"}': 0,
  });
  const sum = figuresOf(await registry.metrics()).get('nova_periodic_task_duration_seconds_sum{task="sync"}');
  expect(sum).toBe(0.75);
});

test('there is no time of a heartbeat before the first', async () => {
  const registry = new Registry();
  const onHeartbeat = heartbeatMetrics(registry);
  expect(await counted(registry, 'nova_service')).toEqual({});
  onHeartbeat(new Date(1_000), null);
  onHeartbeat(new Date(3_500), null);
  expect(await counted(registry, 'nova_service')).toEqual({ nova_service_heartbeat_timestamp_seconds: 3.5 });
});
