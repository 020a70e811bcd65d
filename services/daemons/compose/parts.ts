import type { Database } from '@mini-nova/data/database';
import type { Stores } from '@mini-nova/data/stores';
import type { Logger, Transport } from '@mini-nova/messaging';
import type { ServiceOptions } from '@mini-nova/service';
import type { NovaConfig } from '../nova-schema.ts';

/** What every service is composed from. */
export interface ServiceParts {
  /** If it is live, options are read where they are used, and so follow changes. */
  config: NovaConfig;
  logger: Logger;
  /** Owned by the service, which closes it. */
  transport: Transport;
  /** Options that the daemon adds to the service's: its `serviceOptions`. */
  service?: Partial<ServiceOptions>;
}

/** What a service with a database is composed from. */
export interface DatabaseServiceParts extends ServiceParts {
  db: Database;
  stores: Stores;
  /** Closes the database if the service owns it. */
  release?: () => Promise<void>;
}

/** The version in service records: raised when services of different versions must tell each other apart. */
export const SERVICE_VERSION = 64;
