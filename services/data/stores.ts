import { BuildRequestStore } from './build-requests/store.ts';
import { ComputeNodeStore } from './compute-nodes/store.ts';
import type { Connection } from './connection.ts';
import type { Database, Queryable } from './database.ts';
import { FlavorStore } from './flavors/store.ts';
import { MigrationStore } from './instance-migrations/store.ts';
import { InstanceStore } from './instances/store.ts';
import { RequestSpecStore } from './request-specs/store.ts';
import { ServiceStore } from './services/store.ts';

/** The objects of one database, whosever they are: for the services. A request has those of its context: `RequestStores`. */
export interface Stores {
  instances: InstanceStore;
  migrations: MigrationStore;
  buildRequests: BuildRequestStore;
  requestSpecs: RequestSpecStore;
  flavors: FlavorStore;
  services: ServiceStore;
  computeNodes: ComputeNodeStore;
}

export function unboundStores(db: Database): Stores {
  return { instances: new InstanceStore(db), ...othersOn(db) };
}

/** These stores as part of a transaction. */
export function storesWithin({ instances }: Stores, trx: Queryable): Stores {
  return { instances: instances.within(trx), ...othersOn(trx) };
}

function othersOn(connection: Connection): Omit<Stores, 'instances'> {
  return {
    migrations: new MigrationStore(connection),
    buildRequests: new BuildRequestStore(connection),
    requestSpecs: new RequestSpecStore(connection),
    flavors: new FlavorStore(connection),
    services: new ServiceStore(connection),
    computeNodes: new ComputeNodeStore(connection),
  };
}
