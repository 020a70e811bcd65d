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
  hosts: HostState[];
  /** Of the filters that were run: none runs after no host is left. */
  counts: FilterCount[];
}

/** Runs one filter after the other, each on what the one before let through. */
export function runFilters(
  filters: readonly HostFilter[],
  hosts: readonly HostState[],
  request: ScheduleRequest,
): FilterResult {
  let left = [...hosts];
  const counts: FilterCount[] = [];
  for (const filter of filters) {
    if (left.length === 0) break;
    const passed = left.filter((host) => filter.passes(host, request));
    counts.push({ filter: filter.name, passed: passed.length, given: left.length });
    left = passed;
  }
  return { hosts: left, counts };
}
