import { randomInt, randomUUID } from 'node:crypto';
import type { RequestStores } from '@mini-nova/data/request-stores';
import { rootDisk } from '@mini-nova/domain/block-devices';
import { ComputeHostNotFound, NetworkNotFound, PortInUse, PortNotFound } from '@mini-nova/domain/exceptions';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import {
  BlockDeviceMappingList,
  BuildRequest,
  type Flavor,
  Instance,
  InstanceInfoCache,
  InstancePCIRequests,
  KeyPairList,
  NetworkRequest,
  NetworkRequestList,
  RequestLevelParams,
  RequestSpec,
  SchedulerLimits,
  SecurityGroup,
  SecurityGroupList,
  TagList,
} from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import type { CreateServerBody, RequestedNetwork } from '../documents/server.ts';
import { BadRequest, Conflict } from '../http-errors.ts';
import type { ImageDefinition } from '../images/options.ts';
import type { ImageRegistry } from '../images/registry.ts';
import type { ComputeSettings } from '../operations/dependencies.ts';

/** A request for servers, checked: everything it names is there. */
export interface NewServers {
  name: string;
  count: number;
  flavor: Flavor;
  image: ImageDefinition;
  placement: Placement;
  /** Null: the request names none. */
  networks: NetworkRequestList | null;
  metadata: Record<string, string>;
  userData: string | null;
  autoDiskConfig: boolean;
  reservationId: string;
}

/** All records of one new server. */
export interface NewServer {
  instance: Instance;
  requestSpec: RequestSpec;
  buildRequest: BuildRequest;
}

/** The records of the server with this index, from 0. */
export function newServer(
  ctxt: RequestContext,
  request: NewServers,
  index: number,
  images: ImageRegistry,
): NewServer {
  const instance = newInstance(ctxt, request, index);
  return {
    instance,
    requestSpec: newRequestSpec(instance, request, images),
    buildRequest: new BuildRequest({
      instance_uuid: instance.uuid,
      project_id: instance.project_id ?? '',
      instance: requestedInstance(instance),
      block_device_mappings: disksOf(request.image, instance.uuid),
      tags: new TagList(),
    }),
  };
}

/** The instance before it is recorded: a conductor of Nova's records it itself, and refuses one that has an id. */
function requestedInstance(instance: Instance): Instance {
  const requested = instance.clone();
  requested.pci_requests = new InstancePCIRequests({ requests: [] });
  // By this machine's clock: it is only shown, until there is a record, and never compared.
  Object.assign(requested, { created_at: new Date(), updated_at: null, deleted: false });
  return requested;
}

/** The disks of the request, which are the same for all its servers. */
export function requestedDisks(image: ImageDefinition): BlockDeviceMappingList {
  return new BlockDeviceMappingList({ objects: [rootDisk(image.id)] });
}

/** Those of one of its servers. */
function disksOf(image: ImageDefinition, instanceUuid: string): BlockDeviceMappingList {
  const disk = rootDisk(image.id);
  disk.instance_uuid = instanceUuid;
  return new BlockDeviceMappingList({ objects: [disk] });
}

/** `r-` and eight letters or digits, as Nova names reservations. */
export function newReservationId(): string {
  return `r-${randomText('abcdefghijklmnopqrstuvwxyz0123456789', 8)}`;
}

/** Without characters that are easily misread. */
export function newPassword(): string {
  return randomText('23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', 12);
}

function newInstance(ctxt: RequestContext, request: NewServers, index: number): Instance {
  const { flavor, image, placement, metadata, userData, reservationId } = request;
  const uuid = randomUUID();
  const displayName = request.count > 1 ? `${request.name}-${index + 1}` : request.name;
  return new Instance({
    uuid,
    user_id: ctxt.user_id,
    project_id: ctxt.project_id,
    image_ref: image.id,
    kernel_id: '',
    ramdisk_id: '',
    hostname: hostnameOf(displayName, uuid),
    launch_index: index,
    key_name: null,
    key_data: null,
    power_state: PowerState.NOSTATE,
    vm_state: VmState.BUILDING,
    task_state: TaskState.SCHEDULING,
    memory_mb: flavor.memory_mb,
    vcpus: flavor.vcpus,
    root_gb: flavor.root_gb,
    ephemeral_gb: flavor.ephemeral_gb,
    ephemeral_key_uuid: null,
    host: null,
    node: null,
    instance_type_id: flavor.id,
    user_data: userData,
    reservation_id: reservationId,
    launched_at: null,
    terminated_at: null,
    availability_zone: placement.zone,
    display_name: displayName,
    display_description: displayName,
    launched_on: null,
    locked: false,
    locked_by: null,
    os_type: image.properties.os_type ?? null,
    architecture: image.properties.architecture ?? null,
    vm_mode: null,
    root_device_name: null,
    config_drive: '',
    access_ip_v4: null,
    access_ip_v6: null,
    auto_disk_config: request.autoDiskConfig,
    progress: 0,
    shutdown_terminate: false,
    disable_terminate: false,
    cell_name: null,
    metadata,
    system_metadata: systemMetadata(ctxt, image),
    info_cache: new InstanceInfoCache({ instance_uuid: uuid, network_info: '[]' }),
    security_groups: new SecurityGroupList(),
    numa_topology: null,
    pci_requests: new InstancePCIRequests({ instance_uuid: uuid, requests: [] }),
    tags: new TagList(),
    flavor,
    old_flavor: null,
    new_flavor: null,
    keypairs: new KeyPairList(),
    trusted_certs: null,
    hidden: false,
  });
}

function newRequestSpec(instance: Instance, request: NewServers, images: ImageRegistry): RequestSpec {
  const { flavor, image, placement, networks } = request;
  const limits = new SchedulerLimits();
  limits.setDefaults();
  return new RequestSpec({
    instance_uuid: instance.uuid,
    image: images.imageMeta(image),
    numa_topology: null,
    pci_requests: new InstancePCIRequests({ requests: [] }),
    project_id: instance.project_id,
    user_id: instance.user_id,
    availability_zone: placement.zone,
    flavor,
    // Of the whole request, as Nova records it.
    num_instances: request.count,
    ignore_hosts: null,
    force_hosts: placement.host === null ? null : [placement.host],
    force_nodes: placement.node === null ? null : [placement.node],
    requested_destination: null,
    retry: null,
    limits,
    instance_group: null,
    scheduler_hints: {},
    security_groups: new SecurityGroupList({ objects: [new SecurityGroup({ name: 'default' })] }),
    is_bfv: false,
    ...(networks && { requested_networks: networks }),
    requested_resources: [],
    request_level_params: new RequestLevelParams(),
  });
}

/** What the image says, and whose it is, kept for as long as the instance lives. */
function systemMetadata(ctxt: RequestContext, image: ImageDefinition): Record<string, string | null> {
  const properties = Object.entries(image.properties).map(([name, value]) => [`image_${name}`, value]);
  return {
    ...Object.fromEntries(properties),
    image_min_ram: String(image.min_ram),
    image_min_disk: String(image.min_disk),
    image_disk_format: image.disk_format,
    image_container_format: image.container_format,
    image_base_image_ref: image.id,
    owner_user_name: ctxt.user_name,
    owner_project_name: ctxt.project_name,
  };
}

/** The name as a host name: letters, digits, `.` and `-`, 63 at most. */
function hostnameOf(name: string, uuid: string): string {
  const hostname = name
    .toLowerCase()
    .replace(/[ _]/g, '-')
    .replace(/[^a-z0-9.-]+/g, '')
    .slice(0, 63)
    .replace(/^[.-]+|[.-]+$/g, '');
  return hostname || `server-${uuid}`;
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** Where a server is to run: anywhere in a zone, or on one host and node, past the filters. */
export interface Placement {
  zone: string | null;
  host: string | null;
  node: string | null;
}

/** `zone`, `zone:host`, `zone:host:node` or `zone::node`; the zone may be empty beside a host or node. */
export function parseAvailabilityZone(text: string | undefined): Placement {
  const [zone = '', host = '', node = '', ...rest] = (text ?? '').split(':');
  if (rest.length > 0) throw new BadRequest('Unable to parse availability_zone');
  return { zone: zone || null, host: host || null, node: node || null };
}

/** Checks that there is such a zone, host and node; the latter two are for administrators. @throws BadRequest, AdminRequired */
export async function assertPlacement(
  { zone, host, node }: Placement,
  stores: RequestStores,
  settings: ComputeSettings,
): Promise<void> {
  if (host !== null || node !== null) return assertNode(host, node, stores);
  if (zone !== null && !(await stores.services.zones(settings.defaultZone)).has(zone)) {
    throw new BadRequest('The requested availability zone is not available');
  }
}

async function assertNode(
  host: string | null,
  node: string | null,
  { admin: { computeNodes } }: RequestStores,
): Promise<void> {
  const nodes = [...(await computeNodes.list(host === null ? {} : { host }))];
  const found = nodes.some(({ hypervisor_hostname }) => node === null || hypervisor_hostname === node);
  if (!found) throw new BadRequest(new ComputeHostNotFound({ host: node ?? host ?? '' }).message);
}

/**
 * The networks of a request as they go to the host; null when it names none. Whether an address is free turns out only
 * when the host takes it.
 *
 * @throws BadRequest, Conflict
 */
export async function requestedNetworks(
  stores: RequestStores,
  networks: CreateServerBody['server']['networks'],
  maxCount: number,
): Promise<NetworkRequestList | null> {
  if (networks === undefined) return null;
  if (typeof networks === 'string') {
    return new NetworkRequestList({ objects: [networkRequest({ uuid: networks })] });
  }
  if (networks.length === 0) return null;
  for (const network of networks) await check(stores, network, maxCount);
  return new NetworkRequestList({ objects: networks.map(networkRequest) });
}

function networkRequest({ uuid, port, fixed_ip }: RequestedNetwork): NetworkRequest {
  return new NetworkRequest({
    network_id: port ? null : (uuid ?? null),
    address: fixed_ip ?? null,
    port_id: port ?? null,
    pci_request_id: null,
    device_profile: null,
  });
}

async function check(
  stores: RequestStores,
  { uuid, port, fixed_ip }: RequestedNetwork,
  maxCount: number,
): Promise<void> {
  if (port) {
    if (fixed_ip !== undefined) {
      throw new BadRequest(
        `Specified Fixed IP '${fixed_ip}' cannot be used with port '${port}': the two cannot be specified together.`,
      );
    }
    if (maxCount > 1) throw new BadRequest('A port cannot be given to more than one server.');
    return checkPort(stores, port);
  }
  if (uuid === undefined) throw new BadRequest('Bad networks format: a network needs uuid or port.');
  if (fixed_ip !== undefined && maxCount > 1) {
    throw new BadRequest(
      'Failed to launch instances: max_count cannot be greater than 1 if a fixed ip is specified.',
    );
  }
  if (!(await stores.networks.find(uuid))) {
    throw new BadRequest(new NetworkNotFound({ network_id: uuid }).message);
  }
}

async function checkPort({ ports }: RequestStores, id: string): Promise<void> {
  const port = await ports.find(id);
  if (!port) throw new BadRequest(new PortNotFound({ port_id: id }).message);
  if (port.device_uuid !== null) throw new Conflict(new PortInUse({ port_id: id }).message);
}
