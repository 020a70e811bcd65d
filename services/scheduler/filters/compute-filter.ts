import type { HostFilter } from './host-filter.ts';

/** Hosts whose nova-compute is up and enabled. */
export const computeFilter: HostFilter = {
  name: 'ComputeFilter',
  passes: ({ service }) => service.up && !service.disabled,
};
