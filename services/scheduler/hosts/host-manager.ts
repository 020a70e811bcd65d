import { type ComputeHost, listComputeHosts } from '@mini-nova/data/compute-nodes/store';
import type { ComputeNodeRow } from '@mini-nova/data/compute-nodes/table';
import type { Database, Queryable } from '@mini-nova/data/database';
import { clockOf, databaseNow, isWithin } from '@mini-nova/database';
import { capacityOf, hasRoom, type ResourceAmounts, type ResourceStates } from '@mini-nova/domain/resources';
import { resourcesOfAll } from '@mini-nova/placement/allocations';
import type { SchedulerConfig } from '../options.ts';

/** The state of the host's nova-compute, from its service record. */
export interface ComputeServiceState {
  /** Reported within service_down_time, and not forced down. */
  up: boolean;
  disabled: boolean;
}

/** A column of the compute nodes' table, by its name there. */
export type NodeColumn = keyof ComputeNodeRow & string;

/** A group of hosts that operators describe by metadata. */
export interface HostAggregate {
  name: string;
  metadata: { readonly [key: string]: string };
}

export interface HostStateValues<C extends NodeColumn = NodeColumn> {
  /** The uuid of the compute node, which is also that of its resource provider. */
  uuid: string;
  host: string;
  nodename: string;
  availabilityZone: string;
  service: ComputeServiceState;
  resources: ResourceStates;
  /** Columns of the compute node's record. */
  node?: Pick<ComputeNodeRow, C>;
  traits?: Iterable<string>;
  aggregates?: readonly HostAggregate[];
}

const NO_TRAITS: ReadonlySet<string> = new Set();

/** One compute node as a request sees it: what it has, and what is left as the request assigns instances to it. */
export class HostState<C extends NodeColumn = NodeColumn> {
  readonly uuid: string;
  readonly host: string;
  readonly nodename: string;
  readonly availabilityZone: string;
  readonly service: ComputeServiceState;
  /** The columns of the compute node's record that a filter or weigher names in `reads`. JSON columns are strings. */
  readonly node: Readonly<Pick<ComputeNodeRow, C>>;
  readonly traits: ReadonlySet<string>;
  readonly aggregates: readonly HostAggregate[];
  readonly #resources: ResourceStates;

  constructor(values: HostStateValues<C>) {
    const { uuid, host, nodename, availabilityZone, service, resources, node, traits, aggregates } = values;
    this.uuid = uuid;
    this.host = host;
    this.nodename = nodename;
    this.availabilityZone = availabilityZone;
    this.service = service;
    this.node = node ?? ({} as Pick<ComputeNodeRow, C>);
    this.traits = traits === undefined ? NO_TRAITS : new Set(traits);
    this.aggregates = aggregates ?? [];
    this.#resources = Object.fromEntries(
      Object.entries(resources).map(([resourceClass, state]) => [resourceClass, { ...state }]),
    );
  }

  /** What the host physically has: one instance never gets more, whatever the allocation ratio. */
  total(resourceClass: string): number {
    return this.#resources[resourceClass]?.total ?? 0;
  }

  /** What may still be allocated; negative if the inventory has shrunk below what is in use. */
  free(resourceClass: string): number {
    const state = this.#resources[resourceClass];
    return state === undefined ? 0 : capacityOf(state) - state.used;
  }

  /** Whether all of the amounts may still be allocated. */
  hasRoomFor(amounts: ResourceAmounts): boolean {
    return hasRoom(this.#resources, amounts);
  }

  /** Deducts what an instance takes, so that the next one of the same request finds less. */
  consume(amounts: ResourceAmounts): void {
    this.#add(amounts, 1);
  }

  /** Undoes `consume`. */
  restore(amounts: ResourceAmounts): void {
    this.#add(amounts, -1);
  }

  #add(amounts: ResourceAmounts, sign: 1 | -1): void {
    for (const [resourceClass, amount] of Object.entries(amounts)) {
      const state = this.#resources[resourceClass];
      if (state !== undefined) state.used += sign * amount;
    }
  }
}

export interface HostManagerOptions {
  db: Database;
  /** Seconds without a report after which a service counts as down, and the zone of hosts whose service names none. */
  config: Pick<SchedulerConfig['DEFAULT'], 'service_down_time' | 'default_availability_zone'>;
  /** The columns of compute nodes that filters and weighers read: with many hosts, each column costs time. */
  columns?: readonly NodeColumn[];
}

/** Reads the state of all hosts. Nothing is cached between requests, so nothing is ever stale. */
export class HostManager {
  readonly #options: HostManagerOptions;

  constructor(options: HostManagerOptions) {
    this.#options = options;
  }

  /** All compute nodes whose host has a nova-compute record, as they were at one moment; oldest first. */
  async getHostStates(now: Date = databaseNow(this.#options.db)): Promise<HostState[]> {
    return this.#options.db.snapshot((trx) => this.readHostStates(trx, now));
  }

  /** As `getHostStates`, within a transaction. */
  async readHostStates(trx: Queryable, now: Date = databaseNow(trx)): Promise<HostState[]> {
    const hosts = await listComputeHosts(trx, this.#options.columns);
    const resources = await resourcesOfAll(trx);
    const { service_down_time } = this.#options.config;
    // As in `ServiceStore.isUp`.
    const downTime = service_down_time + clockOf(trx).pardon(service_down_time);
    return hosts.map((row) => this.#hostState(row, resources.get(row.uuid) ?? {}, { downTime, now }));
  }

  #hostState(
    row: ComputeHost,
    resources: ResourceStates,
    { downTime, now }: { downTime: number; now: Date },
  ): HostState {
    const { default_availability_zone } = this.#options.config;
    const lastSeen = new Date(row.last_seen_up ?? row.service_created_at);
    return new HostState({
      uuid: row.uuid,
      host: row.host,
      nodename: row.hypervisor_hostname,
      availabilityZone: row.availability_zone ?? default_availability_zone,
      service: {
        up: !row.forced_down && isWithin(downTime, lastSeen, now),
        disabled: row.disabled,
      },
      resources,
      // Filters and weighers see only the columns that they name in `reads`, and those are there.
      node: row as ComputeHost & ComputeNodeRow,
    });
  }
}
