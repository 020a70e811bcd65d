import { Gauge, type Registry } from 'prom-client';

/**
 * When the service record was last kept alive, and how far the clock then was from the database's. The returned
 * function is to be called at each heartbeat.
 */
export function heartbeatMetrics(registry: Registry): (at: Date, clockSkew?: number | null) => void {
  let gauge: Gauge | undefined;
  let skew: Gauge | undefined;
  return (at, clockSkew = null) => {
    // Absent before the first heartbeat: 0 would look like one half a century ago. Of several workers, the most
    // overdue counts.
    gauge ??= new Gauge({
      name: 'nova_service_heartbeat_timestamp_seconds',
      help: 'When the service record was last kept alive, in seconds since the epoch',
      aggregator: 'min',
      registers: [registry],
    });
    gauge.set(at.getTime() / 1000);
    if (clockSkew === null) return;
    // Workers are on one machine and share its clock.
    skew ??= new Gauge({
      name: 'nova_service_clock_skew_seconds',
      help: "Seconds by which the machine's clock is ahead of the database's; negative: behind",
      aggregator: 'average',
      registers: [registry],
    });
    skew.set(clockSkew);
  };
}
