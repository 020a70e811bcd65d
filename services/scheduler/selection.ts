import type { ResourceAmounts } from '@mini-nova/domain/resources';
import type { JsonValue } from '@mini-nova/messaging';
import { NovaObject, SchedulerLimits, Selection } from '@mini-nova/objects';
import type { DestinationDict } from '@mini-nova/scheduler/rpcapi';
import { CELL_UUID } from './cell.ts';
import type { HostState } from './host-state.ts';

/** The placement API version whose form `allocation_request` has. */
const ALLOCATION_REQUEST_VERSION = '1.36';

/** The host as a destination, with what to claim there. Limits are left to the claim. */
export function selectionOf(host: HostState, resources: ResourceAmounts): Selection {
  return new Selection({
    compute_node_uuid: host.uuid,
    service_host: host.host,
    nodename: host.nodename,
    cell_uuid: CELL_UUID,
    limits: new SchedulerLimits({ numa_topology: null, vcpu: null, disk_gb: null, memory_mb: null }),
    allocation_request: pythonJson({
      allocations: { [host.uuid]: { resources } },
      mappings: { '': [host.uuid] },
    }),
    allocation_request_version: ALLOCATION_REQUEST_VERSION,
    availability_zone: host.availabilityZone,
  });
}

/** The text that Python's json.dumps makes: a blank after each comma and colon. */
function pythonJson(value: JsonValue): string {
  return JSON.stringify(value, null, 1)
    .replace(/([[{])\n\s*/g, '$1')
    .replace(/\n\s*([\]}])/g, '$1')
    .replace(/\n\s*/g, ' ');
}

/** As callers know a destination who do not know Selection objects. A limit that is not set is left out. */
export function dictOf({ service_host, nodename, limits }: Selection): DestinationDict {
  const set = Object.entries(limits?.values() ?? {}).filter(([, limit]) => limit !== null);
  return {
    host: service_host,
    nodename,
    limits: Object.fromEntries(
      set.map(([name, limit]) => [
        name,
        limit instanceof NovaObject ? limit.toPrimitive() : (limit as number),
      ]),
    ),
  };
}
