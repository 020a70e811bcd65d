import { BuildRequestStore } from './build-requests/store.ts';
import { ComputeNodeStore } from './compute-nodes/store.ts';
import type { Database } from './database.ts';
import { FlavorStore } from './flavors/store.ts';
import { MigrationStore } from './instance-migrations/store.ts';
import { InstanceStore } from './instances/store.ts';
import { RequestSpecStore } from './request-specs/store.ts';
import { ServiceStore } from './services/store.ts';

/** The objects of one database. */
export interface Stores {
  instances: InstanceStore;
  migrations: MigrationStore;
  buildRequests: BuildRequestStore;
  requestSpecs: RequestSpecStore;
  flavors: FlavorStore;
  services: ServiceStore;
  computeNodes: ComputeNodeStore;
}

export function createStores(db: Database): Stores {
  return {
    instances: new InstanceStore(db),
    migrations: new MigrationStore(db),
    buildRequests: new BuildRequestStore(db),
    requestSpecs: new RequestSpecStore(db),
    flavors: new FlavorStore(db),
    services: new ServiceStore(db),
    computeNodes: new ComputeNodeStore(db),
  };
}
