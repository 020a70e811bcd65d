import { NoValidHost } from '@mini-nova/domain/exceptions';
import type { FilterCount } from './filters/filter-runs.ts';

/** How far a request came before no host was left. */
export interface NoHostLeft {
  /** Compute hosts there are. */
  known: number;
  /** Those of them that the request itself allows. */
  requested: number;
  counts: readonly FilterCount[];
  /** Hosts that passed all filters and have too little left for a claim. */
  full: number;
}

export function noValidHost(left: NoHostLeft): NoValidHost {
  return new NoValidHost({ reason: `There are not enough hosts available. ${explain(left)}` });
}

/** Of a request that met other hosts each time. */
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
