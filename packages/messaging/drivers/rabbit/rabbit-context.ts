import type { DriverContext } from '../driver.ts';
import type { BrokerConnection } from './connection/connection.ts';
import type { RabbitSettings } from './rabbit-options.ts';
import type { ExchangeFallbacks } from './topology/declaring.ts';
import type { Topology } from './topology/topology.ts';

/** What all parts of one driver share. */
export interface RabbitContext extends DriverContext {
  settings: RabbitSettings;
  topology: Topology;
  /** What the channels of this driver have learnt of its exchanges. */
  fallbacks: ExchangeFallbacks;
  /** The one that publishes everything, and consumes the replies. */
  connection: BrokerConnection;
  /** Makes a listener's connection, which is closed with it. */
  newConnection(purpose: string): BrokerConnection;
}
