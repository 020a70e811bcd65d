import type { Database } from '@mini-nova/data/database';
import type { Stores } from '@mini-nova/data/stores';
import type { Logger, Transport } from '@mini-nova/messaging';
import type { ServiceOptions } from '@mini-nova/service';
import type { NovaConfig } from '../nova-schema.ts';

/** What every service is composed from. */
export interface ServiceParts {
  /** A live one is read where its options are used. */
  config: NovaConfig;
  logger: Logger;
  /** The service's own: it closes it. */
  transport: Transport;
  /** What a daemon adds to the options of the service: its `serviceOptions`. */
  service?: Partial<ServiceOptions>;
}

/** What a service with a database is composed from. */
export interface DatabaseServiceParts extends ServiceParts {
  db: Database;
  stores: Stores;
  /** Closes the database, when it is the service's own. */
  release?: () => Promise<void>;
}

/** Of the service records: raised when services that run side by side must tell each other apart. */
export const SERVICE_VERSION = 64;
