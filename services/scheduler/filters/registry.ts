import { composeSchema, list, optionsOf, unknownName } from '@mini-nova/config';
import { availabilityZoneFilter } from './availability-zone-filter.ts';
import { computeFilter } from './compute-filter.ts';
import { diskFilter } from './disk-filter.ts';
import type { HostFilter } from './host-filter.ts';
import { ramFilter } from './ram-filter.ts';
import { vcpuFilter } from './vcpu-filter.ts';

/** The filters that are enabled unless nova.conf says otherwise, in the order in which they run. */
const enabledByDefault = [
  availabilityZoneFilter,
  computeFilter,
  ramFilter,
  diskFilter,
  vcpuFilter,
] as const satisfies readonly HostFilter[];

/** The filters that are off until nova.conf enables them. */
const enabledOnDemand = [] as const satisfies readonly HostFilter[];

const available = [...enabledByDefault, ...enabledOnDemand] as const;

/** The option that enables filters, and the options of all filters. */
export const filterOptions = composeSchema(
  {
    filter_scheduler: {
      enabled_filters: list({
        default: namesOf(enabledByDefault),
        choices: namesOf(available),
        mutable: true,
        deprecated: ['DEFAULT.scheduler_default_filters'],
        help: 'Filters that a host must pass, in this order.',
      }),
    },
  },
  optionsOf(available),
);

/**
 * The filters of `[filter_scheduler] enabled_filters`, in that order.
 * @throws ConfigError naming the existing filters
 */
export function enabledFilters(names: readonly string[]): HostFilter[] {
  return names.map((name) => {
    const filter = available.find((candidate) => candidate.name === name);
    if (filter === undefined) {
      throw unknownName('[filter_scheduler] enabled_filters', name, namesOf(available));
    }
    return filter;
  });
}

function namesOf(filters: readonly HostFilter[]): string[] {
  return filters.map(({ name }) => name);
}
