import { list } from '@mini-nova/config';

const FILTERS = ['AvailabilityZoneFilter', 'ComputeFilter', 'RamFilter', 'DiskFilter', 'VCpuFilter'] as const;

/** Which hosts nova-scheduler chooses among. */
export const filterOptions = {
  filter_scheduler: {
    enabled_filters: list({
      default: FILTERS,
      choices: FILTERS,
      mutable: true,
      deprecated: ['DEFAULT.scheduler_default_filters'],
      help: 'Filters that a host must pass, in this order.',
    }),
  },
} as const;
