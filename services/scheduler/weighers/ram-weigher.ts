import type { HostWeigher } from './host-weigher.ts';

/** Prefers hosts with more memory left. */
export function ramWeigher(multiplier: number): HostWeigher {
  return { name: 'RAMWeigher', multiplier, weigh: (host) => host.free('MEMORY_MB') };
}
