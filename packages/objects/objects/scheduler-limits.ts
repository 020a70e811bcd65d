import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { nullable, withDefault } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { integer } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';
import { NUMATopologyLimits } from './numa-topology-limits.ts';

/** What a host checks in its claim; null means no limit. */
export class SchedulerLimits extends versionedObject('SchedulerLimits', '1.0', {
  numa_topology: withDefault(nullable(object(NUMATopologyLimits)), null),
  vcpu: withDefault(nullable(integer()), null),
  disk_gb: withDefault(nullable(integer()), null),
  memory_mb: withDefault(nullable(integer()), null),
}) {
  /** From the `limits` of filter properties; what is missing there has no limit. */
  static fromDict(limits: JsonObject): SchedulerLimits {
    return new SchedulerLimits({
      numa_topology: null,
      vcpu: limitOf(limits.vcpu),
      disk_gb: limitOf(limits.disk_gb),
      memory_mb: limitOf(limits.memory_mb),
    });
  }
}

function limitOf(limit: JsonValue | undefined): number | null {
  return typeof limit === 'number' ? Math.floor(limit) : null;
}
