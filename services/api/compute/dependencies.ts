import type { ComputeAPI } from '@mini-nova/compute/rpcapi';
import type { ComputeTaskAPI } from '@mini-nova/conductor/rpcapi';
import type { BuildRequestStore } from '@mini-nova/data/build-requests/store';
import type { ComputeNodeStore } from '@mini-nova/data/compute-nodes/store';
import type { Database } from '@mini-nova/data/database';
import type { FlavorStore } from '@mini-nova/data/flavors/store';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { RequestSpecStore } from '@mini-nova/data/request-specs/store';
import type { ServiceStore } from '@mini-nova/data/services/store';
import type { Logger } from '@mini-nova/messaging';
import type { ImageRegistry } from '../image-registry.ts';

/** What the operations on servers work with. */
export interface ComputeDependencies {
  db: Database;
  instances: InstanceStore;
  buildRequests: BuildRequestStore;
  requestSpecs: RequestSpecStore;
  flavors: FlavorStore;
  services: ServiceStore;
  computeNodes: ComputeNodeStore;
  images: ImageRegistry;
  computeTask: ComputeTaskAPI;
  compute: ComputeAPI;
  settings: ComputeSettings;
  logger: Logger;
}

/** To be read when they are used: they can change. */
export interface ComputeSettings {
  /** Zone of computes that name none. */
  readonly defaultZone: string;
  /** Seconds without a heartbeat until a service is down. */
  readonly serviceDownTime: number;
  /** Seconds for which a request waits for a broker that is away. */
  readonly castTimeout: number;
}
