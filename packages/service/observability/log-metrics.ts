import { Counter, type Registry } from 'prom-client';
import { droppedLogLines } from '../logs/standard-error.ts';

/** How many log lines could not be written. */
export function logMetrics(registry: Registry): void {
  new Counter({
    name: 'nova_log_lines_dropped_total',
    help: 'Log lines that could not be written',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
}
