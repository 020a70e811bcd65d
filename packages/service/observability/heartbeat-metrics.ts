import { Gauge, type Registry } from 'prom-client';

/**
 * When the service record was last kept alive, and how far the clock then was from the database's: what is returned is
 * to be told of each heartbeat.
 */
export function heartbeatMetrics(registry: Registry): (at: Date, clockSkew?: number | null) => void {
  let gauge: Gauge | undefined;
  let skew: Gauge | undefined;
  return (at, clockSkew = null) => {
    // Not before the first: 0 would look like a heartbeat half a century ago. Of several workers, the one that lags shows.
    gauge ??= new Gauge({
      name: 'nova_service_heartbeat_timestamp_seconds',
      help: 'When the service record was last kept alive, in seconds since the epoch',
      aggregator: 'min',
      registers: [registry],
    });
    gauge.set(at.getTime() / 1000);
    if (clockSkew === null) return;
    // Workers are on one machine: theirs is the same.
    skew ??= new Gauge({
      name: 'nova_service_clock_skew_seconds',
      help: "Seconds by which the machine's clock is ahead of the database's; negative: behind",
      aggregator: 'average',
      registers: [registry],
    });
    skew.set(clockSkew);
  };
}
