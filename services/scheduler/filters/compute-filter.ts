import { hostFilter } from './host-filter.ts';

/** Hosts whose nova-compute is up and enabled. */
export const computeFilter = hostFilter({
  name: 'ComputeFilter',
  oncePerRequest: true,
  passes: ({ service }) => service.up && !service.disabled,
});
