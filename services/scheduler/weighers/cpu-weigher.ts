import { hostWeigher } from './host-weigher.ts';

/** Prefers hosts with more virtual CPUs left. */
export const cpuWeigher = hostWeigher({
  name: 'CPUWeigher',
  multiplier: {
    option: 'cpu_weight_multiplier',
    default: 1,
    help: 'Weight of free virtual CPUs. Negative: fill hosts up instead of spreading.',
  },
  weigh: (host) => host.free('VCPU'),
});
