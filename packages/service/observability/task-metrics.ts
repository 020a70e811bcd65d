import { Counter, Histogram, type Registry } from 'prom-client';

/** One run of a periodic task. */
export interface TaskRun {
  task: string;
  /** Seconds. */
  duration: number;
  error?: unknown;
}

/** Seconds: from a query of one table to a sweep over a cloud. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300];

/** Figures of periodic task runs; the returned function is to be called for each run. */
export function taskMetrics(registry: Registry): (run: TaskRun) => void {
  const durations = new Histogram({
    name: 'nova_periodic_task_duration_seconds',
    help: 'Duration of runs of periodic tasks, failed ones included',
    labelNames: ['task'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const errors = new Counter({
    name: 'nova_periodic_task_errors_total',
    help: 'Runs of periodic tasks that failed',
    labelNames: ['task'],
    registers: [registry],
  });
  return (run) => {
    const { task, duration } = run;
    durations.observe({ task }, duration);
    // A task that has not failed yet is at 0, so that its first failure shows as an increase.
    errors.inc({ task }, 'error' in run ? 1 : 0);
  };
}
