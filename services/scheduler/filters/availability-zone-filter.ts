import type { HostFilter } from './host-filter.ts';

/** Hosts of the requested zone; a request without one goes anywhere. */
export const availabilityZoneFilter: HostFilter = {
  name: 'AvailabilityZoneFilter',
  passes: (host, { availabilityZone }) =>
    availabilityZone === null || host.availabilityZone === availabilityZone,
};
