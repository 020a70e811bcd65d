import type { HostWeigher } from './host-weigher.ts';

/** Prefers hosts with more virtual CPUs left. */
export function cpuWeigher(multiplier: number): HostWeigher {
  return { name: 'CPUWeigher', multiplier, weigh: (host) => host.free('VCPU') };
}
