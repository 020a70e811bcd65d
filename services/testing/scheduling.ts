import { randomUUID } from 'node:crypto';
import { insertComputeNode } from '@mini-nova/data/compute-nodes/store';
import type { Database } from '@mini-nova/data/database';
import { insertService } from '@mini-nova/data/services/store';
import type { NewService } from '@mini-nova/data/services/table';
import type { Inventories, ResourceStates } from '@mini-nova/domain/resources';
import type { ArgsOf } from '@mini-nova/messaging';
import { Flavor, RequestSpec, type RequestSpecComponents, type Selection } from '@mini-nova/objects';
import { setInventory } from '@mini-nova/placement/inventory';
import { HostState, type HostStateValues } from '@mini-nova/scheduler/hosts/host-manager';
import type { SchedulerManager } from '@mini-nova/scheduler/manager';
import type { schedulerRpc } from '@mini-nova/scheduler/rpcapi';
import type { ScheduleRequest } from '@mini-nova/scheduler/schedule-request';
import { RequestContext } from '@mini-nova/service';

/** A resource class with `total`, of which `used` is in use. Unless given, nothing is reserved or overcommitted. */
export function resource(
  total: number,
  values: Partial<ResourceStates[string]> = {},
): ResourceStates[string] {
  return { total, reserved: 0, allocation_ratio: 1, used: 0, ...values };
}

/** A healthy host: 8 vCPUs, 8 GiB of memory, 100 GiB of disk. */
export function hostState(values: Partial<HostStateValues> = {}): HostState {
  return new HostState({
    uuid: randomUUID(),
    host: 'host1',
    nodename: 'node1',
    availabilityZone: 'nova',
    service: { up: true, disabled: false },
    resources: { VCPU: resource(8), MEMORY_MB: resource(8192), DISK_GB: resource(100) },
    ...values,
  });
}

export function scheduleRequest(values: Partial<ScheduleRequest> = {}): ScheduleRequest {
  return {
    projectId: 'project',
    resources: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 },
    extraSpecs: {},
    imageProperties: {},
    schedulerHints: {},
    instanceGroup: null,
    requestGroups: [],
    availabilityZone: null,
    destination: null,
    forceHosts: [],
    forceNodes: [],
    ignoreHosts: [],
    ...values,
  };
}

/** The totals of a host's inventories in placement. */
export interface HostSize {
  vcpus?: number;
  /** MiB. */
  memoryMb?: number;
  /** GiB. */
  diskGb?: number;
}

export function inventories({ vcpus = 8, memoryMb = 8192, diskGb = 100 }: HostSize = {}): Inventories {
  const inventory = (total: number) => ({ total, reserved: 0, allocation_ratio: 1 });
  return { VCPU: inventory(vcpus), MEMORY_MB: inventory(memoryMb), DISK_GB: inventory(diskGb) };
}

/** Writes the records of a nova-compute that has just started. Returns the compute node's uuid. */
export async function addHost(
  db: Database,
  host: string,
  { service = {}, ...size }: HostSize & { service?: Partial<NewService> } = {},
): Promise<string> {
  const at = new Date().toISOString();
  const uuid = randomUUID();
  const record = { uuid: randomUUID(), host, binary: 'nova-compute', last_seen_up: at, created_at: at };
  await insertService(db.kysely, { ...record, ...service });
  await insertComputeNode(db.kysely, {
    uuid,
    host,
    hypervisor_hostname: `${host}.node`,
    hypervisor_type: 'fake',
    hypervisor_version: 1,
    vcpus: size.vcpus ?? 8,
    memory_mb: size.memoryMb ?? 8192,
    local_gb: size.diskGb ?? 100,
    vcpus_used: 0,
    memory_mb_used: 0,
    local_gb_used: 0,
    created_at: at,
  });
  await setInventory(db, {
    providerUuid: uuid,
    providerName: `${host}.node`,
    inventories: inventories(size),
  });
  return uuid;
}

export function flavor(values: Partial<{ vcpus: number; memory_mb: number; root_gb: number }> = {}): Flavor {
  return Flavor.hydrate({
    id: 1,
    name: 'm1.tiny',
    flavorid: '1',
    vcpus: 1,
    memory_mb: 512,
    root_gb: 1,
    ephemeral_gb: 0,
    swap: 0,
    ...values,
  });
}

export function requestSpec(components: Partial<RequestSpecComponents> = {}): RequestSpec {
  return RequestSpec.fromComponents({
    instanceUuid: randomUUID(),
    projectId: 'project',
    userId: 'user',
    flavor: flavor(),
    image: null,
    ...components,
  });
}

/** For each instance its selection and alternates, requested as by a caller that knows Selection objects. */
export async function selectionsOf(
  manager: SchedulerManager,
  args: ArgsOf<typeof schedulerRpc, 'selectDestinations'>,
): Promise<Selection[][]> {
  const selections = await manager.selectDestinations(RequestContext.admin(), {
    ...args,
    return_objects: true,
  });
  return selections as Selection[][];
}
