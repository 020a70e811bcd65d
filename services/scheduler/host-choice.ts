import { type Allocations, lacking, type ResourceAmounts } from '@mini-nova/domain/resources';
import { type FilterResult, FilterRuns, type FilterRunsOptions } from './filters/filter-runs.ts';
import type { HostState } from './host-state.ts';
import { noValidHost } from './no-valid-host.ts';
import { requestedHosts, type ScheduleRequest } from './schedule-request.ts';
import { type WeighOptions, weighHosts } from './weighers/weigh-hosts.ts';

export interface HostChoiceOptions extends FilterRunsOptions, WeighOptions {
  /** The host is chosen at random among this many best ones. */
  hostSubsetSize: number;
}

/** An instance that needs a host, and what it holds already, by provider uuid. */
export interface Seeker {
  instanceUuid: string;
  held: Allocations;
}

export interface Choice extends Seeker {
  host: HostState;
}

/** Chooses hosts by filters and weighers, for one request and on one reading of the hosts, of which it keeps account. */
export class HostChoice {
  readonly #options: HostChoiceOptions;
  readonly #request: ScheduleRequest;
  /** Compute hosts there are. */
  readonly #known: number;
  readonly #candidates: readonly HostState[];
  readonly #filters: FilterRuns;

  constructor(options: HostChoiceOptions, states: readonly HostState[], request: ScheduleRequest) {
    this.#options = options;
    this.#request = request;
    this.#known = states.length;
    this.#candidates = requestedHosts(states, request);
    this.#filters = new FilterRuns(options, this.#candidates, request);
  }

  /** How many hosts the request itself allows. */
  get considered(): number {
    return this.#candidates.length;
  }

  /**
   * A host for each. One that holds a claim already (the answer to an earlier request was lost, or it is resized) stays
   * there if the host still passes, and has room for what the claim lacks.
   * @throws NoValidHost when any of them cannot be placed
   */
  chooseAll(seekers: readonly Seeker[]): Choice[] {
    return seekers.map((seeker) => {
      const host = this.#choose(seeker);
      this.#request.instanceGroup?.hosts.add(host.host);
      return { ...seeker, host };
    });
  }

  /** The hosts that still pass, best first. */
  ranked(): HostState[] {
    return this.#rank(this.#filters.run().hosts);
  }

  #choose({ held }: Seeker): HostState {
    const { resources } = this.#request;
    const own = this.#candidates.filter(({ uuid }) => held[uuid] !== undefined);
    // What it holds itself does not stand in its way.
    for (const host of own) host.restore(held[host.uuid] ?? {});
    const filtered = this.#filters.run();
    const fitting = own.filter(
      (host) => covers(held[host.uuid] ?? {}, resources) || host.hasRoomFor(resources),
    );
    for (const host of own) host.consume(held[host.uuid] ?? {});
    const stay = filtered.hosts.find((host) => fitting.includes(host));
    if (stay !== undefined) {
      stay.consume(lacking(held[stay.uuid] ?? {}, resources));
      return stay;
    }
    const host = this.#pick(filtered.hosts.filter((each) => each.hasRoomFor(resources)));
    if (host === undefined) throw this.#noneLeft(filtered);
    host.consume(resources);
    return host;
  }

  #noneLeft({ counts, hosts }: FilterResult): Error {
    return noValidHost({ known: this.#known, requested: this.considered, counts, full: hosts.length });
  }

  #rank(hosts: readonly HostState[]): HostState[] {
    return weighHosts(this.#options, hosts, this.#request);
  }

  /** A random one of the best, so that schedulers that see the same hosts do not all want the same. */
  #pick(hosts: readonly HostState[]): HostState | undefined {
    const subset = Math.min(this.#options.hostSubsetSize, hosts.length);
    return this.#rank(hosts)[Math.floor(Math.random() * subset)];
  }
}

function covers(held: ResourceAmounts, wanted: ResourceAmounts): boolean {
  return Object.keys(lacking(held, wanted)).length === 0;
}
