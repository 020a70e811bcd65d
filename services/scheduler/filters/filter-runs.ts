import type { ConfigValues, Schema } from '@mini-nova/config';
import type { HostState } from '../host-state.ts';
import type { ScheduleRequest } from '../schedule-request.ts';
import type { HostFilter } from './host-filter.ts';

/** What one filter did: how many hosts it was given, and how many it let through. */
export interface FilterCount {
  filter: string;
  passed: number;
  given: number;
}

export interface FilterResult {
  hosts: readonly HostState[];
  /** Of the filters that were run: none runs after no host is left. */
  counts: readonly FilterCount[];
}

export interface FilterRunsOptions {
  filters: readonly HostFilter[];
  /** The values of the filters' options. */
  config: ConfigValues<Schema>;
}

/** The filters at work on one request: on the same hosts for each of its instances, while those take their shares. */
export class FilterRuns {
  readonly #config: ConfigValues<Schema>;
  readonly #request: ScheduleRequest;
  /** What those have left that need to run only once, and before all others. */
  readonly #begun: FilterResult;
  readonly #others: readonly HostFilter[];
  /** Of the others that judge a host once. */
  readonly #verdicts = new Map<HostFilter, Map<HostState, boolean>>();

  constructor({ filters, config }: FilterRunsOptions, hosts: readonly HostState[], request: ScheduleRequest) {
    this.#config = config;
    this.#request = request;
    const repeated = filters.findIndex(({ oncePerRequest }) => !oncePerRequest);
    const first = repeated === -1 ? filters.length : repeated;
    this.#begun = this.#run(filters.slice(0, first), { hosts, counts: [] }, this.#judge);
    this.#others = filters.slice(first);
  }

  /** One filter after the other, each on what the one before let through. */
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
