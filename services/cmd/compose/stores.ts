import type { Database } from '@mini-nova/database';
import { BuildRequestStore } from '../../stores/build-request-store.ts';
import { ComputeNodeStore } from '../../stores/compute-node-store.ts';
import { FlavorStore } from '../../stores/flavor-store.ts';
import { InstanceStore } from '../../stores/instance-store.ts';
import { RequestSpecStore } from '../../stores/request-spec-store.ts';
import { ServiceStore } from '../../stores/service-store.ts';

/** The objects of one database. */
export interface Stores {
  instances: InstanceStore;
  buildRequests: BuildRequestStore;
  requestSpecs: RequestSpecStore;
  flavors: FlavorStore;
  services: ServiceStore;
  computeNodes: ComputeNodeStore;
}

export function createStores(db: Database): Stores {
  return {
    instances: new InstanceStore(db),
    buildRequests: new BuildRequestStore(db),
    requestSpecs: new RequestSpecStore(db),
    flavors: new FlavorStore(db),
    services: new ServiceStore(db),
    computeNodes: new ComputeNodeStore(db),
  };
}
