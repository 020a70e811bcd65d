import { type ResourceAmounts, resourcesOf } from '@mini-nova/domain/resources';
import type { RequestSpec } from '@mini-nova/objects';

/** What of a request spec decides where its instances go. */
export interface ScheduleRequest {
  /** What each instance needs. */
  resources: ResourceAmounts;
  /** null: any zone. */
  availabilityZone: string | null;
  /** The only host (and node, unless null) that is acceptable. */
  destination: { host: string; node: string | null } | null;
  /** Only these; empty: all. */
  forceHosts: readonly string[];
  forceNodes: readonly string[];
  /** None of these. */
  ignoreHosts: readonly string[];
}

export function scheduleRequestOf(spec: RequestSpec): ScheduleRequest {
  return {
    resources: resourcesOf(spec.flavor),
    availabilityZone: spec.has('availability_zone') ? spec.availability_zone : null,
    destination: destinationOf(spec),
    forceHosts: (spec.has('force_hosts') && spec.force_hosts) || [],
    forceNodes: (spec.has('force_nodes') && spec.force_nodes) || [],
    ignoreHosts: (spec.has('ignore_hosts') && spec.ignore_hosts) || [],
  };
}

/** A destination may also name only a cell, of which there is one. */
function destinationOf(spec: RequestSpec): ScheduleRequest['destination'] {
  const destination = spec.has('requested_destination') ? spec.requested_destination : null;
  if (destination === null || !destination.has('host')) return null;
  return { host: destination.host, node: destination.has('node') ? destination.node : null };
}
