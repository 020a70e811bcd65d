import { float } from '@mini-nova/config';

/** Which of these it likes best. */
export const weigherOptions = {
  filter_scheduler: {
    ram_weight_multiplier: float({
      default: 1,
      min: -1_000_000,
      max: 1_000_000,
      mutable: true,
      deprecated: ['DEFAULT.ram_weight_multiplier'],
      help: 'Weight of free memory. Negative: fill hosts up instead of spreading.',
    }),
    cpu_weight_multiplier: float({
      default: 1,
      min: -1_000_000,
      max: 1_000_000,
      mutable: true,
      help: 'Weight of free virtual CPUs. Negative: fill hosts up instead of spreading.',
    }),
  },
} as const;
