import type { ComputeNodeRow } from '@mini-nova/data/compute-nodes/table';
import { capacityOf, hasRoom, type ResourceAmounts, type ResourceStates } from '@mini-nova/domain/resources';

/** The host's nova-compute as its service record shows it. */
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
  /** Of the compute node, which is also its resource provider. */
  uuid: string;
  host: string;
  nodename: string;
  availabilityZone: string;
  service: ComputeServiceState;
  resources: ResourceStates;
  /** Of the compute node's record. */
  node?: Pick<ComputeNodeRow, C>;
  traits?: Iterable<string>;
  aggregates?: readonly HostAggregate[];
}

const NO_TRAITS: ReadonlySet<string> = new Set();

/** One compute node as a request sees it: what it has, and what is left of it as the request goes on. */
export class HostState<C extends NodeColumn = NodeColumn> {
  readonly uuid: string;
  readonly host: string;
  readonly nodename: string;
  readonly availabilityZone: string;
  readonly service: ComputeServiceState;
  /** The compute node's record: the columns that a filter or weigher says it reads. Those of JSON are texts. */
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

  /** What the host physically has. One instance never gets more, whatever the allocation ratio. */
  total(resourceClass: string): number {
    return this.#resources[resourceClass]?.total ?? 0;
  }

  /** What may still be allocated; negative when inventory shrank below what is in use. */
  free(resourceClass: string): number {
    const state = this.#resources[resourceClass];
    return state === undefined ? 0 : capacityOf(state) - state.used;
  }

  /** Whether all of the amounts may still be allocated. */
  hasRoomFor(amounts: ResourceAmounts): boolean {
    return hasRoom(this.#resources, amounts);
  }

  /** Takes an instance's share off, so that the next one of the same request finds less. */
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
