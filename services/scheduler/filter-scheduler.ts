import type { Database } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';
import { annotateSpan, withSpan } from '@mini-nova/service';
import type { HostFilter } from './filters/host-filter.ts';
import { type FilterResult, runFilters } from './filters/run-filters.ts';
import type { HostManager } from './host-manager.ts';
import type { HostState } from './host-state.ts';
import { noValidHost } from './no-valid-host.ts';
import { allocationsByProvider, releaseAllocations } from './placement/allocations.ts';
import { claimResources } from './placement/claim.ts';
import { requestedHosts } from './requested-hosts.ts';
import { type ScheduleRequest, scheduleRequestOf } from './schedule-request.ts';
import { selectionOf } from './selection.ts';
import type { HostWeigher } from './weighers/host-weigher.ts';
import { weighHosts } from './weighers/weigh-hosts.ts';

export interface FilterSchedulerOptions {
  db: Database;
  hostManager: HostManager;
  filters: readonly HostFilter[];
  weighers: readonly HostWeigher[];
  /** The host is chosen at random among this many best ones. */
  hostSubsetSize: number;
  logger: Logger;
}

export interface Destinations {
  spec: RequestSpec;
  /** All get the same flavor and rules. */
  instanceUuids: readonly string[];
  /** Further hosts to name for each instance, at most. */
  alternates: number;
}

/** What one request works with. */
interface Round {
  request: ScheduleRequest;
  /** Compute hosts there are. */
  known: number;
  /** Those that may still be chosen. Full ones leave. */
  candidates: Set<HostState>;
}

interface ClaimedHost {
  instanceUuid: string;
  host: HostState;
  /** False when the instance held its claim before this request. */
  isNew: boolean;
}

/** Chooses hosts by filters and weighers, and claims what the instances need there. */
export class FilterScheduler {
  readonly #options: FilterSchedulerOptions;

  constructor(options: FilterSchedulerOptions) {
    this.#options = options;
  }

  /**
   * For each instance its host, claimed, and alternates, not claimed. An instance that holds a claim already (the
   * answer to an earlier request was lost) stays on that host if it still passes.
   * @throws NoValidHost when any of the instances cannot be placed; then none is
   */
  async selectDestinations(destinations: Destinations): Promise<Selection[][]> {
    const attributes = { 'nova.instance.count': destinations.instanceUuids.length };
    return withSpan('select destinations', { attributes }, () => this.#select(destinations));
  }

  async #select({ spec, instanceUuids, alternates }: Destinations): Promise<Selection[][]> {
    const round = await this.#startRound(scheduleRequestOf(spec));
    annotateSpan({ 'nova.scheduler.hosts_considered': round.candidates.size });
    const claimed = await this.#claimAll(round, instanceUuids);
    annotateSpan({ 'nova.scheduler.hosts_chosen': hostsOf(claimed) });
    const { resources } = round.request;
    const others = this.#rank(this.#filter(round).hosts);
    return claimed.map(({ host }) =>
      [host, ...others.filter((other) => other !== host).slice(0, alternates)].map((each) =>
        selectionOf(each, resources),
      ),
    );
  }

  async #startRound(request: ScheduleRequest): Promise<Round> {
    const states = await this.#options.hostManager.getHostStates();
    const candidates = new Set(requestedHosts(states, request));
    return { request, known: states.length, candidates };
  }

  async #claimAll(round: Round, instanceUuids: readonly string[]): Promise<ClaimedHost[]> {
    const claimed: ClaimedHost[] = [];
    try {
      for (const instanceUuid of instanceUuids) claimed.push(await this.#claimHost(round, instanceUuid));
    } catch (error) {
      await Promise.all(claimed.filter(({ isNew }) => isNew).map((claim) => this.#release(claim)));
      throw error;
    }
    return claimed;
  }

  async #claimHost(round: Round, instanceUuid: string): Promise<ClaimedHost> {
    const held = await allocationsByProvider(this.#options.db, instanceUuid);
    const own = [...round.candidates].filter(({ uuid }) => held[uuid] !== undefined);
    // What it holds itself does not stand in its way.
    for (const host of own) host.restore(held[host.uuid] ?? {});
    const filtered = this.#filter(round);
    for (const host of own) host.consume(held[host.uuid] ?? {});
    const isOwn = (host: HostState) => own.includes(host);
    const others = filtered.hosts.filter((host) => !isOwn(host));
    const ranked = [...filtered.hosts.filter(isOwn), ...this.#pickFirst(this.#rank(others))];
    return this.#claimFirst(round, instanceUuid, { ...filtered, hosts: ranked });
  }

  /** Claims the first of the hosts that still has room. */
  async #claimFirst(round: Round, instanceUuid: string, filtered: FilterResult): Promise<ClaimedHost> {
    const { request, known, candidates } = round;
    const { resources } = request;
    const requested = candidates.size;
    for (const host of filtered.hosts) {
      const claim = { consumerUuid: instanceUuid, providerUuid: host.uuid, resources };
      const outcome = await claimResources(this.#options.db, claim);
      if (outcome === 'claimed') host.consume(resources);
      if (outcome !== 'full') return { instanceUuid, host, isNew: outcome === 'claimed' };
      candidates.delete(host);
    }
    throw noValidHost({ known, requested, counts: filtered.counts, full: filtered.hosts.length });
  }

  #filter({ request, candidates }: Round): FilterResult {
    return runFilters(this.#options.filters, [...candidates], request);
  }

  #rank(hosts: readonly HostState[]): HostState[] {
    return weighHosts(this.#options.weighers, hosts);
  }

  /** Puts a random one of the best first, so that schedulers that see the same hosts do not all want the same. */
  #pickFirst(ranked: readonly HostState[]): HostState[] {
    const subset = Math.min(this.#options.hostSubsetSize, ranked.length);
    const picked = ranked[Math.floor(Math.random() * subset)];
    return picked === undefined ? [] : [picked, ...ranked.filter((host) => host !== picked)];
  }

  async #release({ instanceUuid, host }: ClaimedHost): Promise<void> {
    try {
      await releaseAllocations(this.#options.db, instanceUuid, host.uuid);
    } catch (error) {
      // The request fails with its first error; the conductor's periodic clean-up finds the claim.
      const data = { err: error, instance_uuid: instanceUuid, host: host.host };
      this.#options.logger.error(data, 'could not release the claim of a request that failed');
    }
  }
}

/** Each once, as one text: `host1,host2`. */
function hostsOf(claimed: readonly ClaimedHost[]): string {
  return [...new Set(claimed.map(({ host }) => host.host))].join(',');
}
