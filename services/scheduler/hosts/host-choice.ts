import type { ConfigValues, Schema } from '@mini-nova/config';
import { NoValidHost } from '@mini-nova/domain/exceptions';
import { type Allocations, lacking, type ResourceAmounts } from '@mini-nova/domain/resources';
import type { HostFilter } from '../filters/host-filter.ts';
import { requestedHosts, type ScheduleRequest } from '../schedule-request.ts';
import type { HostWeigher } from '../weighers/host-weigher.ts';
import type { HostState } from './host-manager.ts';

export interface HostChoiceOptions extends FilterRunsOptions, WeighOptions {
  /** The host is chosen at random among this many of the best. */
  hostSubsetSize: number;
}

/** An instance that needs a host, and what it already holds, by provider uuid. */
export interface Seeker {
  instanceUuid: string;
  held: Allocations;
}

export interface Choice extends Seeker {
  host: HostState;
}

/** Chooses hosts by filters and weighers for one request. Works on one reading of the hosts, and deducts what it assigns. */
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
   * A host for each instance. One that already holds a claim (the answer to an earlier request was lost, or it is resized)
   * stays there if the host still passes and has room for what the claim lacks.
   * @throws NoValidHost when an instance cannot be placed
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
    // What the instance itself holds counts as free for it.
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

  /** A random one of the best, so that schedulers that see the same hosts do not all choose the same one. */
  #pick(hosts: readonly HostState[]): HostState | undefined {
    const subset = Math.min(this.#options.hostSubsetSize, hosts.length);
    return this.#rank(hosts)[Math.floor(Math.random() * subset)];
  }
}

function covers(held: ResourceAmounts, wanted: ResourceAmounts): boolean {
  return Object.keys(lacking(held, wanted)).length === 0;
}

/** How many hosts one filter was given, and how many it let through. */
export interface FilterCount {
  filter: string;
  passed: number;
  given: number;
}

export interface FilterResult {
  hosts: readonly HostState[];
  /** One for each filter that ran. Filters stop when no host is left. */
  counts: readonly FilterCount[];
}

export interface FilterRunsOptions {
  filters: readonly HostFilter[];
  /** The values of the filters' options. */
  config: ConfigValues<Schema>;
}

/** The filters, run for each instance of one request: always on the same hosts, from which earlier instances have taken. */
export class FilterRuns {
  readonly #config: ConfigValues<Schema>;
  readonly #request: ScheduleRequest;
  /** The result of the leading filters that run once per request. */
  readonly #begun: FilterResult;
  readonly #others: readonly HostFilter[];
  /** The verdicts of the other filters that run once per request. */
  readonly #verdicts = new Map<HostFilter, Map<HostState, boolean>>();

  constructor({ filters, config }: FilterRunsOptions, hosts: readonly HostState[], request: ScheduleRequest) {
    this.#config = config;
    this.#request = request;
    const repeated = filters.findIndex(({ oncePerRequest }) => !oncePerRequest);
    const first = repeated === -1 ? filters.length : repeated;
    this.#begun = this.#run(filters.slice(0, first), { hosts, counts: [] }, this.#judge);
    this.#others = filters.slice(first);
  }

  /** Runs one filter after another, each on the hosts that the one before let through. */
  run(): FilterResult {
    return this.#run(this.#others, this.#begun, this.#verdict);
  }

  #run(
    filters: readonly HostFilter[],
    begun: FilterResult,
    passes: (filter: HostFilter, host: HostState) => boolean,
  ): FilterResult {
    let { hosts } = begun;
    const counts = [...begun.counts];
    for (const filter of filters) {
      if (hosts.length === 0) break;
      const passed = hosts.filter((host) => passes(filter, host));
      counts.push({ filter: filter.name, passed: passed.length, given: hosts.length });
      hosts = passed;
    }
    return { hosts, counts };
  }

  #judge = (filter: HostFilter, host: HostState): boolean => filter.passes(host, this.#request, this.#config);

  #verdict = (filter: HostFilter, host: HostState): boolean => {
    if (!filter.oncePerRequest) return this.#judge(filter, host);
    const known = this.#verdicts.get(filter) ?? new Map<HostState, boolean>();
    this.#verdicts.set(filter, known);
    const verdict = known.get(host) ?? this.#judge(filter, host);
    known.set(host, verdict);
    return verdict;
  };
}

export interface WeighOptions {
  weighers: readonly HostWeigher[];
  /** The values of the weighers' options. */
  config: ConfigValues<Schema>;
}

/**
 * The hosts, best first; equal ones keep their order. Each weigher's values are scaled to 0 … 1 over these hosts before
 * they are multiplied and added, so that their units do not matter.
 */
export function weighHosts(
  { weighers, config }: WeighOptions,
  hosts: readonly HostState[],
  request: ScheduleRequest,
): HostState[] {
  const weighed = hosts.map((host) => ({ host, weight: 0 }));
  for (const weigher of weighers) {
    const scaled = normalize(hosts.map((host) => weigher.weigh(host, request, config)));
    const configured = Number(config.filter_scheduler?.[weigher.multiplierOption]);
    for (const [index, each] of weighed.entries()) {
      const multiplier = multiplierOf(each.host, weigher.multiplierOption, configured);
      each.weight += multiplier * (scaled[index] ?? 0);
    }
  }
  return weighed.sort((a, b) => b.weight - a.weight).map(({ host }) => host);
}

/** If all values are the same, they become 0. */
function normalize(values: readonly number[]): number[] {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest;
  return values.map((value) => (range === 0 ? 0 : (value - lowest) / range));
}

/** As in Nova, the lowest that the host's aggregates set; the configured one if any of them is not a number. */
function multiplierOf({ aggregates }: HostState, option: string, configured: number): number {
  if (aggregates.length === 0) return configured;
  const texts = aggregates.map(({ metadata }) => metadata[option]).filter((text) => text !== undefined);
  const numbers = texts.map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  return numbers.length === 0 || numbers.some(Number.isNaN) ? configured : Math.min(...numbers);
}

/** How far a request got before no host was left. */
export interface NoHostLeft {
  /** Compute hosts there are. */
  known: number;
  /** How many of them the request itself allows. */
  requested: number;
  counts: readonly FilterCount[];
  /** How many passed all filters, but have too little left for the claim. */
  full: number;
}

export function noValidHost(left: NoHostLeft): NoValidHost {
  return new NoValidHost({ reason: `There are not enough hosts available. ${explain(left)}` });
}

/** For a request that lost every race. */
export function lostRaces(times: number): NoValidHost {
  const reason = `There are not enough hosts available. Claimed 0/${times}, other requests were faster.`;
  return new NoValidHost({ reason });
}

function explain({ known, requested, counts, full }: NoHostLeft): string {
  if (known === 0) return 'There is no compute host.';
  if (requested === 0) return `None of the ${known} compute hosts is one of those requested.`;
  const filters = counts.map(({ filter, passed, given }) => `${filter} ${passed}/${given}`).join(', ');
  const filtered = filters === '' ? 'No filter is enabled' : `Filters: ${filters}`;
  return full === 0 ? filtered : `${filtered}; with room 0/${full}`;
}
