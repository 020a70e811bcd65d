import { object } from '../fields/objects.ts';
import { float } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';
import { NetworkMetadata } from './network-metadata.ts';

/** What a host checks when it fits a guest to its NUMA nodes. */
export class NUMATopologyLimits extends versionedObject('NUMATopologyLimits', '1.1', {
  cpu_allocation_ratio: float(),
  ram_allocation_ratio: float(),
  network_metadata: object(NetworkMetadata),
}) {}
