import { hostFilter } from './host-filter.ts';

/** Hosts in the requested zone; any host for a request without one. */
export const availabilityZoneFilter = hostFilter({
  name: 'AvailabilityZoneFilter',
  oncePerRequest: true,
  passes: (host, { availabilityZone }) =>
    availabilityZone === null || host.availabilityZone === availabilityZone,
});
