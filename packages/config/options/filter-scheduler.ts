import { float, integer, list } from '../option.ts';

const FILTERS = ['AvailabilityZoneFilter', 'ComputeFilter', 'RamFilter', 'DiskFilter', 'VCpuFilter'] as const;

/** How nova-scheduler chooses hosts. */
export const filter_scheduler = {
  enabled_filters: list({
    default: FILTERS,
    choices: FILTERS,
    mutable: true,
    deprecated: ['DEFAULT.scheduler_default_filters'],
    help: 'Filters that a host must pass, in this order.',
  }),
  host_subset_size: integer({
    default: 1,
    min: 1,
    unit: 'hosts',
    mutable: true,
    deprecated: ['DEFAULT.scheduler_host_subset_size'],
    help: 'The host is chosen at random among this many best ones: several schedulers then collide less.',
  }),
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
} as const;
