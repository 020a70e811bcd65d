import type { ComputeAPI } from '@mini-nova/compute/rpcapi';
import type { ComputeTaskAPI } from '@mini-nova/conductor/rpcapi';
import type { Logger } from '@mini-nova/messaging';
import type { ImageRegistry } from '../images/registry.ts';

/** What the operations on servers work with, beside the stores of the request. */
export interface ComputeDependencies {
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
