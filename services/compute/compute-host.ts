import type { ComputeTaskAPI, ConductorAPI } from '@mini-nova/conductor/rpcapi';
import type { Logger } from '@mini-nova/messaging';
import type { NetworkAPI } from '@mini-nova/network/rpcapi';
import type { PlacementAPI } from '@mini-nova/placement/rpcapi';
import type { KeyedQueue, WorkQueue } from '@mini-nova/service';
import type { InstanceNotifications } from './notifications.ts';
import type { OwnRecords } from './own-records.ts';
import type { ResourceTracker } from './resources/resource-tracker.ts';
import type { VirtDriver } from './virt/driver.ts';

/** This host and those it works with: what each operation on an instance is given. */
export interface ComputeHost {
  readonly name: string;
  readonly driver: VirtDriver;
  readonly tracker: ResourceTracker;
  readonly ownRecords: OwnRecords;
  /** Instances whose guests this process has made, or begun to make, without the build having got to its end. */
  readonly unfinishedGuests: Set<string>;
  /** What concerns one instance runs one after another. */
  readonly locks: KeyedQueue;
  /** Whoever builds here waits for a turn. */
  readonly builds: WorkQueue;
  /** Seconds without progress until a build is ended; 0: never. It may change. */
  readonly buildTimeout: () => number;
  readonly conductor: ConductorAPI;
  readonly computeTask: ComputeTaskAPI;
  readonly network: NetworkAPI;
  readonly placement: PlacementAPI;
  readonly notifications: InstanceNotifications;
  readonly logger: Logger;
}
