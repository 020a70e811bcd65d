import type { JsonObject } from '@mini-nova/messaging';
import { dictOfListOfStrings, listOfStrings } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { listOfObjects, object } from '../fields/objects.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';
import { ComputeNode, ComputeNodeList } from './compute-node.ts';
import { Destination } from './destination.ts';
import { Flavor } from './flavor.ts';
import { ImageMeta } from './image-meta.ts';
import { InstanceGroup } from './instance-group.ts';
import { InstanceNUMATopology } from './instance-numa-topology.ts';
import { InstancePCIRequests } from './instance-pci-requests.ts';
import { NetworkMetadata } from './network-metadata.ts';
import { NetworkRequestList } from './network-request.ts';
import { RequestGroup } from './request-group.ts';
import { RequestLevelParams } from './request-level-params.ts';
import { SchedulerLimits } from './scheduler-limits.ts';
import { SchedulerRetries } from './scheduler-retries.ts';
import { SecurityGroupList } from './security-group.ts';

/** Everything that the scheduler needs to know to place instances. */
export class RequestSpec extends versionedObject('RequestSpec', '1.14', {
  id: integer(),
  image: nullable(object(ImageMeta)),
  numa_topology: nullable(object(InstanceNUMATopology)),
  pci_requests: nullable(object(InstancePCIRequests)),
  project_id: nullable(string()),
  user_id: nullable(string()),
  availability_zone: nullable(string()),
  flavor: object(Flavor),
  num_instances: withDefault(integer(), 1),
  ignore_hosts: nullable(listOfStrings()),
  force_hosts: nullable(listOfStrings()),
  force_nodes: nullable(listOfStrings()),
  requested_destination: withDefault(nullable(object(Destination)), null),
  retry: nullable(object(SchedulerRetries)),
  limits: nullable(object(SchedulerLimits)),
  instance_group: nullable(object(InstanceGroup)),
  scheduler_hints: nullable(dictOfListOfStrings()),
  instance_uuid: uuid(),
  security_groups: object(SecurityGroupList),
  network_metadata: object(NetworkMetadata),
  is_bfv: boolean(),
  requested_resources: withDefault(nullable(listOfObjects(RequestGroup)), null),
  request_level_params: object(RequestLevelParams),
  requested_networks: object(NetworkRequestList),
}) {
  /** The complete spec of a new instance: what is not given is set to its neutral value. */
  static fromComponents(components: RequestSpecComponents): RequestSpec {
    const { filterProperties = {} } = components;
    const spec = new RequestSpec({
      num_instances: 1,
      instance_uuid: components.instanceUuid,
      instance_group: components.instanceGroup ?? null,
      project_id: components.projectId,
      user_id: components.userId,
      image: imageMetaOf(components.image),
      flavor: components.flavor,
      pci_requests: components.pciRequests ?? new InstancePCIRequests({ requests: [] }),
      numa_topology: components.numaTopology ?? null,
      ignore_hosts: filterProperties.ignore_hosts ?? null,
      force_hosts: filterProperties.force_hosts ?? null,
      force_nodes: filterProperties.force_nodes ?? null,
      retry: retriesOf(filterProperties.retry),
      limits: SchedulerLimits.fromDict(filterProperties.limits ?? {}),
      scheduler_hints: components.schedulerHints ?? {},
      availability_zone: components.availabilityZone ?? null,
      security_groups: components.securityGroups ?? new SecurityGroupList(),
      requested_networks: components.requestedNetworks,
      requested_destination: components.requestedDestination ?? null,
      requested_resources: [],
      request_level_params: new RequestLevelParams(),
      is_bfv: components.isBootFromVolume ?? false,
    });
    spec.setDefaults();
    return spec;
  }
}

/** What a request spec is made from. What is left out does not influence where the instance goes. */
export interface RequestSpecComponents {
  instanceUuid: string;
  projectId: string;
  userId: string;
  flavor: Flavor;
  /** The image's REST document; null for a boot without one. */
  image: JsonObject | ImageMeta | null;
  availabilityZone?: string | null;
  securityGroups?: SecurityGroupList;
  requestedNetworks?: NetworkRequestList;
  requestedDestination?: Destination | null;
  numaTopology?: InstanceNUMATopology | null;
  pciRequests?: InstancePCIRequests;
  instanceGroup?: InstanceGroup | null;
  /** Each hint with its values. */
  schedulerHints?: Record<string, string[]>;
  isBootFromVolume?: boolean;
  filterProperties?: {
    ignore_hosts?: string[] | null;
    force_hosts?: string[] | null;
    force_nodes?: string[] | null;
    limits?: JsonObject;
    retry?: { num_attempts: number; hosts: [host: string, node: string][] };
  };
}

function imageMetaOf(image: JsonObject | ImageMeta | null): ImageMeta | null {
  return image === null || image instanceof ImageMeta ? image : ImageMeta.fromImage(image);
}

function retriesOf(
  retry: { num_attempts: number; hosts: [host: string, node: string][] } | undefined,
): SchedulerRetries | null {
  if (retry === undefined) return null;
  const nodes = retry.hosts.map(([host, node]) => new ComputeNode({ host, hypervisor_hostname: node }));
  return new SchedulerRetries({
    num_attempts: retry.num_attempts,
    hosts: new ComputeNodeList({ objects: nodes }),
  });
}
