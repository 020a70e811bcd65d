import { type ResourceAmounts, resourcesOf } from '@mini-nova/domain/resources';
import type { ImageMetaProps, InstanceGroup, RequestGroup, RequestSpec } from '@mini-nova/objects';
import type { HostState } from './hosts/host-manager.ts';

/** The parts of a request spec that decide where its instances go. */
export interface ScheduleRequest {
  readonly projectId: string | null;
  /** What each instance needs. */
  readonly resources: ResourceAmounts;
  /** The extra specs of the flavor. */
  readonly extraSpecs: { readonly [key: string]: string };
  /** The image properties that are set. */
  readonly imageProperties: Readonly<ReturnType<ImageMetaProps['values']>>;
  /** Each hint with its values. */
  readonly schedulerHints: { readonly [hint: string]: readonly string[] };
  readonly instanceGroup: RequestedInstanceGroup | null;
  /** Groups of resources and traits, each to come from one provider, besides those of the flavor. */
  readonly requestGroups: readonly RequestGroup[];
  /** null: any zone. */
  readonly availabilityZone: string | null;
  /** The only host (and node, unless null) that is acceptable. */
  readonly destination: { host: string; node: string | null } | null;
  /** Only these; empty: all. */
  readonly forceHosts: readonly string[];
  readonly forceNodes: readonly string[];
  /** None of these. */
  readonly ignoreHosts: readonly string[];
}

/** The server group of the request's instances, by which they are kept together or apart. */
export interface RequestedInstanceGroup {
  /** `affinity`, `anti-affinity`, `soft-affinity`, `soft-anti-affinity`. */
  readonly policy: string | null;
  /** `max_server_per_host`. */
  readonly rules: { readonly [rule: string]: string };
  /** The uuids of its instances. */
  readonly members: readonly string[];
  /** The hosts of its instances, including those of this request as soon as their hosts are chosen. */
  readonly hosts: Set<string>;
}

export function scheduleRequestOf(spec: RequestSpec): ScheduleRequest {
  const { flavor } = spec;
  const values = spec.values();
  const { image, instance_group } = values;
  return {
    projectId: values.project_id ?? null,
    resources: resourcesOf(flavor),
    extraSpecs: flavor.has('extra_specs') ? flavor.extra_specs : {},
    imageProperties: image?.has('properties') ? image.properties.values() : {},
    schedulerHints: values.scheduler_hints ?? {},
    instanceGroup: instance_group ? instanceGroupOf(instance_group) : null,
    requestGroups: values.requested_resources ?? [],
    availabilityZone: values.availability_zone ?? null,
    destination: destinationOf(spec),
    forceHosts: values.force_hosts ?? [],
    forceNodes: values.force_nodes ?? [],
    ignoreHosts: values.ignore_hosts ?? [],
  };
}

/** Groups made before 1.11 name their policy in a list. */
function instanceGroupOf(group: InstanceGroup): RequestedInstanceGroup {
  const { policy, policies, _rules: rules, members, hosts } = group.values();
  return {
    policy: policy ?? policies?.[0] ?? null,
    rules: rules ?? {},
    members: members ?? [],
    hosts: new Set(hosts),
  };
}

/** A destination that names only a cell is none: there is only one cell. */
function destinationOf(spec: RequestSpec): ScheduleRequest['destination'] {
  const destination = spec.has('requested_destination') ? spec.requested_destination : null;
  if (destination === null || !destination.has('host')) return null;
  return { host: destination.host, node: destination.has('node') ? destination.node : null };
}

/** The hosts that the request itself allows, before any filter. Ignored host names are compared without regard to case. */
export function requestedHosts(hosts: readonly HostState[], request: ScheduleRequest): HostState[] {
  const { destination, forceHosts, forceNodes } = request;
  const ignored = new Set(request.ignoreHosts.map((host) => host.toLowerCase()));
  return hosts.filter(
    ({ host, nodename }) =>
      !ignored.has(host.toLowerCase()) &&
      (destination === null || (host === destination.host && nodename === (destination.node ?? nodename))) &&
      (forceHosts.length === 0 || forceHosts.includes(host)) &&
      (forceNodes.length === 0 || forceNodes.includes(nodename)),
  );
}
