import { hostWeigher } from './host-weigher.ts';

/** Prefers hosts with more memory left. */
export const ramWeigher = hostWeigher({
  name: 'RAMWeigher',
  multiplier: {
    option: 'ram_weight_multiplier',
    default: 1,
    deprecated: ['DEFAULT.ram_weight_multiplier'],
    help: 'Weight of free memory. Negative: fill hosts up instead of spreading.',
  },
  weigh: (host) => host.free('MEMORY_MB'),
});
