import { hostFilter } from './host-filter.ts';

/** Hosts of the requested zone; a request without one goes anywhere. */
export const availabilityZoneFilter = hostFilter({
  name: 'AvailabilityZoneFilter',
  oncePerRequest: true,
  passes: (host, { availabilityZone }) =>
    availabilityZone === null || host.availabilityZone === availabilityZone,
});
