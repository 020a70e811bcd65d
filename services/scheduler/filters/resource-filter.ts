import { type HostFilter, hostFilter } from './host-filter.ts';

/**
 * Hosts with enough left of one resource class. Even with overcommitment, one instance gets no more than the host
 * physically has: overcommitment relies on several instances not being busy at the same time.
 */
export function resourceFilter(name: string, resourceClass: string): HostFilter<Record<never, never>, never> {
  return hostFilter({
    name,
    passes(host, { resources }) {
      const amount = resources[resourceClass] ?? 0;
      return amount === 0 || (amount <= host.free(resourceClass) && amount <= host.total(resourceClass));
    },
  });
}
