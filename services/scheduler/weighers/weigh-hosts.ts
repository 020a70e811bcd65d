import type { HostState } from '../host-state.ts';
import type { HostWeigher } from './host-weigher.ts';

/**
 * The hosts, best first; equal ones stay in their order. Each weigher's values are scaled to 0 … 1 over these hosts
 * before they are multiplied and added, so that their units do not matter.
 */
export function weighHosts(weighers: readonly HostWeigher[], hosts: readonly HostState[]): HostState[] {
  const weights = new Map(hosts.map((host) => [host, 0]));
  for (const { multiplier, weigh } of weighers) {
    const scaled = normalize(hosts.map(weigh));
    for (const [index, host] of hosts.entries()) {
      weights.set(host, (weights.get(host) ?? 0) + multiplier * (scaled[index] ?? 0));
    }
  }
  return [...hosts].sort((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0));
}

/** Values that are all the same tell nothing: they become 0. */
function normalize(values: readonly number[]): number[] {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest;
  return values.map((value) => (range === 0 ? 0 : (value - lowest) / range));
}
