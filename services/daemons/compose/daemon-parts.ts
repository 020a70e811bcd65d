import { openMigrated } from '@mini-nova/data/configured-database';
import { unboundStores } from '@mini-nova/data/stores';
import type { Daemon } from '@mini-nova/service';
import type { NovaSchema } from '../nova-schema.ts';
import type { DatabaseServiceParts, ServiceParts } from './parts.ts';

/** What a daemon's service is composed from. `name`: the name of its connections in the broker's list. */
export function serviceParts(daemon: Daemon<NovaSchema>, name: string = daemon.name): ServiceParts {
  const { config, logger, serviceOptions: service } = daemon;
  return { config, logger, transport: daemon.transport(name), service };
}

/** What a daemon's service with a database of its own is composed from. @throws as `openMigrated` */
export async function databaseServiceParts(daemon: Daemon<NovaSchema>): Promise<DatabaseServiceParts> {
  const db = await openMigrated(daemon.config, daemon.logger);
  return { ...serviceParts(daemon), db, stores: unboundStores(db), release: () => db.close() };
}
