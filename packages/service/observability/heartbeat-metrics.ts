import { Gauge, type Registry } from 'prom-client';

/** When the service record was last kept alive: what is returned is to be told of each heartbeat. */
export function heartbeatMetrics(registry: Registry): (at: Date) => void {
  let gauge: Gauge | undefined;
  return (at) => {
    // Not before the first: 0 would look like a heartbeat half a century ago. Of several workers, the one that lags shows.
    gauge ??= new Gauge({
      name: 'nova_service_heartbeat_timestamp_seconds',
      help: 'When the service record was last kept alive, in seconds since the epoch',
      aggregator: 'min',
      registers: [registry],
    });
    gauge.set(at.getTime() / 1000);
  };
}
