import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * Adds prom-client's figures of the process: memory, CPU time, event-loop delay, garbage collection. They are taken for
 * as long as the process runs.
 */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
