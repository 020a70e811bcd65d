import { getTransport, type Logger, type RpcHooks, type Transport } from '@mini-nova/messaging';
import { type DaemonConfig, transportOptions } from '@mini-nova/service';

export interface ServiceTransportOptions {
  config: DaemonConfig;
  logger: Logger;
  /** Of the service: the broker lists its connections by it. */
  name: string;
  hooks?: readonly RpcHooks[];
}

/** A way to the services without a daemon. It connects when first used. @throws InvalidTransportURL, DriverLoadFailure */
export function serviceTransport({ config, ...options }: ServiceTransportOptions): Transport {
  return getTransport({ ...transportOptions(config), ...options });
}
