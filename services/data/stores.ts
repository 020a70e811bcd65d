import { BuildRequestStore } from './build-requests/store.ts';
import { ComputeNodeStore } from './compute-nodes/store.ts';
import type { Database } from './database.ts';
import { FlavorStore } from './flavors/store.ts';
import { MigrationStore } from './instance-migrations/store.ts';
import { InstanceStore } from './instances/store.ts';
import { RequestSpecStore } from './request-specs/store.ts';
import { ServiceStore } from './services/store.ts';

/** The records of all projects in one database, for the services. Requests use `RequestStores`. */
export interface Stores {
  readonly instances: InstanceStore;
  readonly migrations: MigrationStore;
  readonly buildRequests: BuildRequestStore;
  readonly requestSpecs: RequestSpecStore;
  readonly flavors: FlavorStore;
  readonly services: ServiceStore;
  readonly computeNodes: ComputeNodeStore;
}

export function unboundStores({ kysely }: Database): Stores {
  return {
    instances: new InstanceStore(kysely),
    migrations: new MigrationStore(kysely),
    buildRequests: new BuildRequestStore(kysely),
    requestSpecs: new RequestSpecStore(kysely),
    flavors: new FlavorStore(kysely),
    services: new ServiceStore(kysely),
    computeNodes: new ComputeNodeStore(kysely),
  };
}
