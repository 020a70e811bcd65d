import type { ConductorAPI } from '@mini-nova/conductor/rpcapi';
import {
  ComputeHostNotFound,
  ComputeResourcesUnavailable,
  DuplicateEntry,
  InstanceNotFound,
} from '@mini-nova/domain/exceptions';
import {
  add,
  capacityOf,
  type Inventories,
  lacking,
  type ResourceAmounts,
  resourcesOf,
} from '@mini-nova/domain/resources';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { Logger, RpcContext } from '@mini-nova/messaging';
import type { ChangesOf, ComputeNode, Instance, Migration } from '@mini-nova/objects';
import type { PlacementAPI } from '@mini-nova/placement/rpcapi';
import { RequestContext, WorkQueue } from '@mini-nova/service';
import type { ComputeHost } from '../compute-host.ts';
import { keptFor, movesUnderWay } from '../moves.ts';
import type { OwnRecords } from '../own-records.ts';
import type { HostResources, VirtDriver } from '../virt/driver.ts';
import { inventoriesOf, type Reservations, withReserved } from './node-inventory.ts';
import { type Counted, type HostAddress, measuresOf, NodeUsage, newRecord, usageOf } from './node-usage.ts';

export interface ResourceTrackerOptions {
  host: string;
  driver: VirtDriver;
  conductor: ConductorAPI;
  placement: PlacementAPI;
  ownRecords: OwnRecords;
  /** Group DEFAULT of the configuration. */
  reservations: Reservations & HostAddress;
  logger: Logger;
}

interface TrackedNode {
  record: ComputeNode;
  resources: HostResources;
  inventories: Inventories;
  usage: NodeUsage;
}

/**
 * Knows what this host has and uses. It reports both (compute node record, placement inventory), and claims resources
 * for builds: the scheduler claims from what was last reported, this from what there really is.
 */
export class ResourceTracker {
  readonly #options: ResourceTrackerOptions;
  readonly #nodes = new Map<string, TrackedNode>();
  readonly #usageReports: UsageReports;
  /** Saves the records one after another, so that each save sends what changed since the one before. */
  readonly #saves = new WorkQueue({ name: 'records' });

  constructor(options: ResourceTrackerOptions) {
    this.#options = options;
    this.#usageReports = new UsageReports(() => this.#reportUsage(), options.logger);
  }

  /** Measures, recounts and reports all nodes. */
  async updateAvailableResource(ctxt: RpcContext): Promise<void> {
    for (const nodename of await this.#options.driver.getAvailableNodes()) {
      await this.#saves.run(() => this.#update(ctxt, nodename));
    }
  }

  /**
   * Claims what the instance needs on the node. If it uses some of that already, only the difference must be free. When the
   * claim is released, a launched instance uses again what it used before; a build then uses nothing.
   *
   * @throws ComputeResourcesUnavailable when too little is left
   * @throws ComputeHostNotFound when this host does not have the node
   */
  claim(instance: Instance, nodename: string): Claim {
    const { usage, inventories } = this.#node(nodename);
    const amounts = resourcesOf(instance.flavor);
    const before = usage.of(instance.uuid);
    const wasHere = usage.has(instance.uuid) && isLaunched(instance);
    this.#assertFits(lacking(before, amounts), usage, inventories);
    usage.claim(instance.uuid, amounts);
    this.#usageReports.request();
    return new Claim((outcome) => {
      if (outcome === 'kept') usage.settle(instance.uuid);
      else if (wasHere) usage.unclaim(instance.uuid, before);
      else usage.release(instance.uuid);
      this.#usageReports.request();
    });
  }

  /** The instance leaves this host. */
  release(instanceUuid: string): void {
    const usages = [...this.#nodes.values()].map(({ usage }) => usage);
    const isUsed = usages.some((usage) => usage.has(instanceUuid));
    for (const usage of usages) usage.release(instanceUuid);
    if (isUsed) this.#usageReports.request();
  }

  /** The uuid under which placement knows the node. @throws ComputeHostNotFound */
  providerUuid(nodename: string): string {
    return this.#node(nodename).record.uuid;
  }

  /** All providers of this host. */
  providerUuids(): string[] {
    return [...this.#nodes.values()].map(({ record }) => record.uuid);
  }

  #node(nodename: string): TrackedNode {
    const node = this.#nodes.get(nodename);
    if (!node) throw new ComputeHostNotFound({ host: nodename });
    return node;
  }

  #assertFits(amounts: ResourceAmounts, usage: NodeUsage, inventories: Inventories): void {
    const short = Object.entries(amounts).flatMap(([resourceClass, amount]) => {
      const inventory = inventories[resourceClass];
      const free = (inventory ? capacityOf(inventory) : 0) - usage.total(resourceClass);
      return free < amount ? [`${resourceClass} free ${free}, requested ${amount}`] : [];
    });
    if (short.length > 0) throw new ComputeResourcesUnavailable({ reason: short.join('; ') });
  }

  async #reportUsage(): Promise<void> {
    const { conductor, reservations } = this.#options;
    for (const { record, resources, usage } of this.#nodes.values()) {
      await this.#saves.run(async () => {
        const used = usageOf(resources, usage, reservations);
        await conductor.computeNodeSave(RequestContext.admin(), record, used);
      });
    }
  }

  async #update(ctxt: RpcContext, nodename: string): Promise<void> {
    const { conductor, driver, placement, reservations, logger } = this.#options;
    const resources = await driver.getAvailableResource(nodename);
    const node = await this.#trackedNode(ctxt, nodename, resources);
    await node.usage.recount(() => this.#readUsage(ctxt, nodename));
    node.inventories = inventoriesOf(resources, node.record, reservations);
    await conductor.computeNodeSave(ctxt, node.record, {
      ...measuresOf(resources, reservations),
      ...usageOf(resources, node.usage, reservations),
    });
    const { record, usage } = node;
    const inventories = withReserved(node.inventories, (resourceClass) => usage.unrecorded(resourceClass));
    const provider = { provider_uuid: record.uuid, provider_name: nodename };
    await placement.setInventory(ctxt, { ...provider, inventories });
    logger.debug({ node: nodename, instances: node.usage.instances }, 'Reported the resources of the node');
  }

  async #trackedNode(ctxt: RpcContext, nodename: string, resources: HostResources): Promise<TrackedNode> {
    const { conductor, host, ownRecords, reservations } = this.#options;
    const known = this.#nodes.get(nodename);
    const stored = await conductor.computeNodeGet(ctxt, host, nodename);
    await ownRecords.examine(ctxt, nodename, stored);
    if (known && known.record.uuid === stored?.uuid) {
      known.resources = resources;
      return known;
    }
    // Unknown so far, deleted with the service's record while this service runs on, or from another database.
    const { usage, inventories } = known ?? { usage: new NodeUsage(), inventories: {} };
    const record =
      stored ??
      (await this.#create(ctxt, nodename, {
        ...measuresOf(resources, reservations),
        ...usageOf(resources, usage, reservations),
      }));
    ownRecords.recorded(nodename, record.uuid);
    const node = { record, resources, inventories, usage };
    this.#nodes.set(nodename, node);
    return node;
  }

  /** @returns the stored record: if an earlier try created it and only the answer was lost, that one */
  async #create(ctxt: RpcContext, nodename: string, values: ChangesOf<ComputeNode>): Promise<ComputeNode> {
    const { conductor, host, reservations } = this.#options;
    const record = newRecord(host, nodename, reservations);
    Object.assign(record, values);
    try {
      await conductor.computeNodeCreate(ctxt, record);
      return record;
    } catch (error) {
      const stored =
        error instanceof DuplicateEntry ? await conductor.computeNodeGet(ctxt, host, nodename) : undefined;
      if (stored) return stored;
      throw error;
    }
  }

  /**
   * The records are read before the guests: a guest that appears or disappears in between is in the records, or is being
   * built or deleted here. Instances are read before migrations: one that arrives in between is in the migrations.
   */
  async #readUsage(ctxt: RpcContext, nodename: string): Promise<Map<string, Counted>> {
    const { conductor, driver, host } = this.#options;
    const instances = await conductor.instancesByHost(ctxt, host);
    const moving = await this.#movingInstances(ctxt, instances);
    const guests = new Set(await driver.listInstanceUuids());
    const counted = new Map<string, Counted>();
    for (const instance of instances) {
      const hasGuest = guests.delete(instance.uuid);
      if (instance.node !== nodename || (isFailedBuild(instance) && !hasGuest)) continue;
      counted.set(instance.uuid, { amounts: resourcesOf(instance.flavor), hasGuest, isRecorded: true });
    }
    for (const { instance, move } of moving) {
      const { uuid } = instance;
      const hasGuest = guests.delete(uuid);
      const kept = keptFor({ instance, move }, { host, nodename });
      if (Object.keys(kept).length === 0) continue;
      const recorded = counted.get(uuid);
      const amounts = add(recorded?.amounts ?? {}, kept);
      const isMoving = recorded === undefined;
      counted.set(uuid, { hasGuest, isRecorded: true, isMoving, ...recorded, amounts });
    }
    const [firstNode] = await driver.getAvailableNodes();
    if (nodename !== firstNode) return counted;
    // Nothing says on which node a guest without a record is.
    for (const uuid of guests) {
      const amounts = await this.#guestAmounts(uuid);
      if (amounts) counted.set(uuid, { amounts, hasGuest: true, isRecorded: false });
    }
    return counted;
  }

  /** The instances that move from or to this host, including those whose record names it. */
  async #movingInstances(
    ctxt: RpcContext,
    here: readonly Instance[],
  ): Promise<{ instance: Instance; move: Migration }[]> {
    const { conductor, driver, host } = this.#options;
    const moves = await movesUnderWay({ name: host, conductor, driver }, ctxt);
    const away = [...moves.keys()].filter((uuid) => !here.some((instance) => instance.uuid === uuid));
    const elsewhere = await conductor.instanceRecords(ctxt, away);
    return [...here, ...elsewhere].flatMap((instance) => {
      const move = moves.get(instance.uuid);
      return move === undefined ? [] : [{ instance, move }];
    });
  }

  /** Undefined: the guest is gone. */
  async #guestAmounts(uuid: string): Promise<ResourceAmounts | undefined> {
    try {
      const { vcpus, memoryMb, diskGb } = await this.#options.driver.describeGuest(uuid);
      return { VCPU: vcpus, MEMORY_MB: memoryMb, DISK_GB: diskGb };
    } catch (error) {
      if (error instanceof InstanceNotFound) return undefined;
      throw error;
    }
  }
}

function isLaunched(instance: Instance): boolean {
  return instance.has('launched_at') && instance.launched_at !== null;
}

/** A failed build has given its resources back, unless its guest could not be destroyed. */
function isFailedBuild(instance: Instance): boolean {
  return instance.vm_state === VmState.ERROR && instance.launched_at === null;
}

/** Resources of this host that are held for a build. */
export class Claim {
  readonly #end: (outcome: 'kept' | 'released') => void;
  #ended = false;

  constructor(end: (outcome: 'kept' | 'released') => void) {
    this.#end = end;
  }

  /** The instance runs and keeps them. */
  keep(): void {
    this.#finish('kept');
  }

  /** The build failed. Only the first call of `keep` or `release` counts. */
  release(): void {
    this.#finish('released');
  }

  #finish(outcome: 'kept' | 'released'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(outcome);
  }
}

/**
 * Reports the usage soon after it changes, one report at a time: changes during one are in the next. After a report that
 * fails, the next change or the periodic update reports again.
 */
export class UsageReports {
  readonly #report: () => Promise<void>;
  readonly #logger: Logger;
  #running = false;
  #wanted = false;

  constructor(report: () => Promise<void>, logger: Logger) {
    this.#report = report;
    this.#logger = logger;
  }

  request(): void {
    this.#wanted = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#wanted) {
      this.#wanted = false;
      try {
        await this.#report();
      } catch (error) {
        this.#logger.debug({ error: String(error) }, 'Could not report the usage of the host');
      }
    }
    this.#running = false;
  }
}

/** What the instance holds, by provider uuid: nothing if no scheduler here placed it, or its build was ended. */
export async function allocationsOf(
  host: ComputeHost,
  ctxt: RpcContext,
  instanceUuid: string,
): Promise<{ [providerUuid: string]: ResourceAmounts }> {
  return host.placement.getAllocations(ctxt, { consumer_uuid: instanceUuid });
}

/** Gives back what the instance holds on this host, and nothing elsewhere. */
export async function releaseHere(host: ComputeHost, ctxt: RpcContext, instanceUuid: string): Promise<void> {
  host.tracker.release(instanceUuid);
  for (const provider_uuid of host.tracker.providerUuids()) {
    await host.placement.deleteAllocations(ctxt, { consumer_uuid: instanceUuid, provider_uuid });
  }
}

/** Gives back all that the instance holds anywhere: it is deleted. */
export async function releaseEverywhere(
  host: ComputeHost,
  ctxt: RpcContext,
  instanceUuid: string,
): Promise<void> {
  host.tracker.release(instanceUuid);
  await host.placement.deleteAllocations(ctxt, { consumer_uuid: instanceUuid, provider_uuid: null });
}
