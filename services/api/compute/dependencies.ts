import type { Database } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';
import type { ComputeAPI } from '../../compute/rpcapi.ts';
import type { ComputeTaskAPI } from '../../conductor/rpcapi.ts';
import type { BuildRequestStore } from '../../stores/build-request-store.ts';
import type { ComputeNodeStore } from '../../stores/compute-node-store.ts';
import type { FlavorStore } from '../../stores/flavor-store.ts';
import type { InstanceStore } from '../../stores/instance-store.ts';
import type { RequestSpecStore } from '../../stores/request-spec-store.ts';
import type { ServiceStore } from '../../stores/service-store.ts';
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
