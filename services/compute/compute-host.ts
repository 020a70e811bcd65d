import type { ComputeTaskAPI, ConductorAPI } from '@mini-nova/conductor/rpcapi';
import type { Logger } from '@mini-nova/messaging';
import type { NetworkAPI } from '@mini-nova/network/rpcapi';
import type { PlacementAPI } from '@mini-nova/placement/rpcapi';
import type { KeyedQueue, WorkQueue } from '@mini-nova/service';
import type { InstanceNotifications } from './notifications.ts';
import type { OwnRecords } from './own-records.ts';
import type { ResourceTracker } from './resources/resource-tracker.ts';
import type { VirtDriver } from './virt/driver.ts';

/** This host and the parts that it works with. Each operation on an instance gets it. */
export interface ComputeHost {
  readonly name: string;
  readonly driver: VirtDriver;
  readonly tracker: ResourceTracker;
  readonly ownRecords: OwnRecords;
  /** Instances whose guests this process has made or begun to make, and whose build has not ended. */
  readonly unfinishedGuests: Set<string>;
  /** Serializes the work on each instance. */
  readonly locks: KeyedQueue;
  /** Limits the builds that run at once: the others wait for their turn. */
  readonly builds: WorkQueue;
  /** Seconds without progress after which a build is ended; 0: never. It may change. */
  readonly buildTimeout: () => number;
  readonly conductor: ConductorAPI;
  readonly computeTask: ComputeTaskAPI;
  readonly network: NetworkAPI;
  readonly placement: PlacementAPI;
  readonly notifications: InstanceNotifications;
  readonly logger: Logger;
}
