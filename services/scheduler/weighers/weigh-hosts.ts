import type { ConfigValues, Schema } from '@mini-nova/config';
import type { HostState } from '../host-state.ts';
import type { ScheduleRequest } from '../schedule-request.ts';
import type { HostWeigher } from './host-weigher.ts';

export interface WeighOptions {
  weighers: readonly HostWeigher[];
  /** The values of the weighers' options. */
  config: ConfigValues<Schema>;
}

/**
 * The hosts, best first; equal ones stay in their order. Each weigher's values are scaled to 0 … 1 over these hosts
 * before they are multiplied and added, so that their units do not matter.
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

/** Values that are all the same tell nothing: they become 0. */
function normalize(values: readonly number[]): number[] {
  const lowest = Math.min(...values);
  const range = Math.max(...values) - lowest;
  return values.map((value) => (range === 0 ? 0 : (value - lowest) / range));
}

/** As Nova: the lowest that the host's aggregates say, unless one of them says no number. */
function multiplierOf({ aggregates }: HostState, option: string, configured: number): number {
  if (aggregates.length === 0) return configured;
  const texts = aggregates.map(({ metadata }) => metadata[option]).filter((text) => text !== undefined);
  const numbers = texts.map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  return numbers.length === 0 || numbers.some(Number.isNaN) ? configured : Math.min(...numbers);
}
