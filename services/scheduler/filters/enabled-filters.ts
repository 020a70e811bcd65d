import { ConfigError } from '@mini-nova/config';
import { availabilityZoneFilter } from './availability-zone-filter.ts';
import { computeFilter } from './compute-filter.ts';
import { diskFilter } from './disk-filter.ts';
import type { HostFilter } from './host-filter.ts';
import { ramFilter } from './ram-filter.ts';
import { vcpuFilter } from './vcpu-filter.ts';

const available: readonly HostFilter[] = [
  availabilityZoneFilter,
  computeFilter,
  diskFilter,
  ramFilter,
  vcpuFilter,
];

/**
 * The filters of `[filter_scheduler] enabled_filters`, in that order.
 * @throws ConfigError naming the filters there are
 */
export function enabledFilters(names: readonly string[]): HostFilter[] {
  return names.map((name) => {
    const filter = available.find((candidate) => candidate.name === name);
    if (filter === undefined) throw unknownFilter(name);
    return filter;
  });
}

function unknownFilter(name: string): ConfigError {
  return new ConfigError([
    {
      code: 'INVALID_VALUE',
      source: 'configuration',
      option: '[filter_scheduler] enabled_filters',
      value: name,
      allowed: `among ${available.map((filter) => filter.name).join(', ')}`,
    },
  ]);
}
