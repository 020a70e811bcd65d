import { randomUUID } from 'node:crypto';
import type { ResourceAmounts } from '@mini-nova/domain/resources';
import { type ChangesOf, ComputeNode, PciDevicePoolList } from '@mini-nova/objects';
import type { HostResources } from '../virt/driver.ts';
import type { Reservations } from './node-inventory.ts';

/** What a recount finds about one instance. */
export interface Counted {
  amounts: ResourceAmounts;

  hasGuest: boolean;
  /** A record places it on this node, or moves it from or to it. */
  isRecorded: boolean;
  /** The node only holds room for it: the instance is counted on another node. */
  isMoving?: boolean;
}

/** What each instance uses of one node, by the host's own count. */
export class NodeUsage {
  readonly #usage = new Map<string, ResourceAmounts>();
  /** The sums by resource class: kept, since there may be thousands of instances. */
  readonly #totals = new Map<string, number>();
  /** Builds under way: they count until they end, whatever the records say. */
  readonly #claimed = new Set<string>();
  /** Instances without a record on this node. */
  #unrecorded = new Set<string>();
  /** Instances whose record names another node, and which move from or to this one. */
  #moving = new Set<string>();
  /**
   * Instances that gave back what they used here, while their records may still name this node: a deletion or the end of a
   * failed build is under way, or did not finish.
   */
  readonly #left = new Set<string>();
  /** Instances that changed since the recount under way read its records. */
  #changed: Set<string> | undefined;

  /** The sum over all instances. */
  total(resourceClass: string): number {
    return this.#totals.get(resourceClass) ?? 0;
  }

  /** The part of the total that no record explains. */
  unrecorded(resourceClass: string): number {
    let sum = 0;
    for (const uuid of this.#unrecorded) sum += this.#usage.get(uuid)?.[resourceClass] ?? 0;
    return sum;
  }

  has(instanceUuid: string): boolean {
    return this.#usage.has(instanceUuid);
  }

  /** What the instance uses; nothing if it is not here. */
  of(instanceUuid: string): ResourceAmounts {
    return this.#usage.get(instanceUuid) ?? {};
  }

  get instances(): number {
    return this.#usage.size - this.#moving.size;
  }

  /** Builds under way. */
  get workload(): number {
    return this.#claimed.size;
  }

  claim(instanceUuid: string, amounts: ResourceAmounts): void {
    this.#change(instanceUuid);
    this.#left.delete(instanceUuid);
    this.#set(instanceUuid, amounts);
    this.#claimed.add(instanceUuid);
  }

  /** The build is done: from now on the instance counts while its record names this host. */
  settle(instanceUuid: string): void {
    this.#change(instanceUuid);
    this.#claimed.delete(instanceUuid);
  }

  /** A claim is given back: the instance uses again what it used before, unless all of it was released meanwhile. */
  unclaim(instanceUuid: string, before: ResourceAmounts): void {
    if (!this.#claimed.has(instanceUuid)) return;
    this.#set(instanceUuid, before);
    this.settle(instanceUuid);
  }

  /** From now on the instance counts only if it has a guest, whatever the records say. */
  release(instanceUuid: string): void {
    this.#change(instanceUuid);
    this.#left.add(instanceUuid);
    this.#set(instanceUuid, undefined);
    this.#claimed.delete(instanceUuid);
  }

  /** Replaces the count by what `read` finds; what changes here meanwhile stays as changed. */
  async recount(read: () => Promise<ReadonlyMap<string, Counted>>): Promise<void> {
    const changed = new Set<string>();
    this.#changed = changed;
    try {
      const counted = await read();
      const isKept = (uuid: string) => changed.has(uuid) || this.#claimed.has(uuid);
      for (const uuid of this.#usage.keys())
        if (!isKept(uuid) && !counted.has(uuid)) this.#set(uuid, undefined);
      for (const uuid of this.#left) if (!isKept(uuid) && !counted.has(uuid)) this.#left.delete(uuid);
      this.#unrecorded = new Set();
      this.#moving = new Set([...this.#moving].filter(isKept));
      for (const [uuid, found] of counted) if (!isKept(uuid)) this.#take(uuid, found);
    } finally {
      this.#changed = undefined;
    }
  }

  #take(uuid: string, { amounts, hasGuest, isRecorded, isMoving }: Counted): void {
    const isUsed = hasGuest || !this.#left.has(uuid);
    this.#set(uuid, isUsed ? amounts : undefined);
    if (isUsed && !isRecorded) this.#unrecorded.add(uuid);
    if (isUsed && isMoving) this.#moving.add(uuid);
  }

  #change(instanceUuid: string): void {
    this.#changed?.add(instanceUuid);
    this.#unrecorded.delete(instanceUuid);
    this.#moving.delete(instanceUuid);
  }

  #set(instanceUuid: string, amounts: ResourceAmounts | undefined): void {
    this.#add(this.#usage.get(instanceUuid), -1);
    this.#add(amounts, 1);
    if (amounts === undefined) this.#usage.delete(instanceUuid);
    else this.#usage.set(instanceUuid, amounts);
  }

  #add(amounts: ResourceAmounts = {}, sign: 1 | -1): void {
    for (const [resourceClass, amount] of Object.entries(amounts)) {
      this.#totals.set(resourceClass, this.total(resourceClass) + sign * amount);
    }
  }
}

export interface HostAddress {
  /** Where other hosts reach this one. */
  my_ip: string;
}

/** The record of a node that was never recorded before. */
export function newRecord(host: string, nodename: string, reservations: Reservations): ComputeNode {
  return new ComputeNode({
    uuid: randomUUID(),
    host,
    hypervisor_hostname: nodename,
    cpu_allocation_ratio: reservations.initial_cpu_allocation_ratio,
    ram_allocation_ratio: reservations.initial_ram_allocation_ratio,
    disk_allocation_ratio: reservations.initial_disk_allocation_ratio,
  });
}

/** What the host has, as Nova's schedulers and views read it. */
export function measuresOf(resources: HostResources, { my_ip }: HostAddress): ChangesOf<ComputeNode> {
  return {
    vcpus: resources.vcpus,
    memory_mb: resources.memoryMb,
    local_gb: resources.diskGb,
    hypervisor_type: resources.hypervisorType,
    hypervisor_version: resources.hypervisorVersion,
    cpu_info: JSON.stringify(resources.cpuInfo),
    supported_hv_specs: resources.supportedHvSpecs,
    host_ip: my_ip,
    numa_topology: null,
    pci_device_pools: new PciDevicePoolList(),
    metrics: '[]',
  };
}

/** As in Nova, memory and disk reserved for the host count as used. */
export function usageOf(
  resources: HostResources,
  usage: NodeUsage,
  reservations: Reservations,
): ChangesOf<ComputeNode> {
  const memory_mb_used = reservations.reserved_host_memory_mb + usage.total('MEMORY_MB');
  const local_gb_used = Math.ceil(reservations.reserved_host_disk_mb / 1024) + usage.total('DISK_GB');
  return {
    vcpus_used: usage.total('VCPU'),
    memory_mb_used,
    local_gb_used,
    free_ram_mb: resources.memoryMb - memory_mb_used,
    free_disk_gb: resources.diskGb - local_gb_used,
    disk_available_least: resources.diskGb - local_gb_used,
    running_vms: usage.instances,
    current_workload: usage.workload,
    stats: { num_instances: String(usage.instances), io_workload: String(usage.workload) },
  };
}
