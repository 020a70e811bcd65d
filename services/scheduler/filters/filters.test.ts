import { ConfigError } from '@mini-nova/config';
import { hostState, resource, scheduleRequest } from '@mini-nova/services-testing/scheduling';
import { describe, expect, it } from 'vitest';
import type { HostStateValues } from '../host-state.ts';
import type { ScheduleRequest } from '../schedule-request.ts';
import { availabilityZoneFilter } from './availability-zone-filter.ts';
import { computeFilter } from './compute-filter.ts';
import { diskFilter } from './disk-filter.ts';
import { enabledFilters } from './enabled-filters.ts';
import type { HostFilter } from './host-filter.ts';
import { filterOptions } from './options.ts';
import { ramFilter } from './ram-filter.ts';
import { runFilters } from './run-filters.ts';
import { vcpuFilter } from './vcpu-filter.ts';

type Case = [
  filter: HostFilter,
  title: string,
  host: Partial<HostStateValues>,
  request: Partial<ScheduleRequest>,
  passes: boolean,
];

const cases: Case[] = [
  [computeFilter, 'up and enabled', { service: { up: true, disabled: false } }, {}, true],
  [computeFilter, 'disabled', { service: { up: true, disabled: true } }, {}, false],
  [computeFilter, 'down', { service: { up: false, disabled: false } }, {}, false],

  [availabilityZoneFilter, 'any zone wanted', { availabilityZone: 'east' }, { availabilityZone: null }, true],
  [availabilityZoneFilter, 'in the zone', { availabilityZone: 'east' }, { availabilityZone: 'east' }, true],
  [
    availabilityZoneFilter,
    'in another zone',
    { availabilityZone: 'east' },
    { availabilityZone: 'west' },
    false,
  ],

  [
    ramFilter,
    'just enough',
    { resources: { MEMORY_MB: resource(1024, { used: 512 }) } },
    needs('MEMORY_MB', 512),
    true,
  ],
  [
    ramFilter,
    'one too little',
    { resources: { MEMORY_MB: resource(1024, { used: 513 }) } },
    needs('MEMORY_MB', 512),
    false,
  ],
  [
    ramFilter,
    'overcommitted',
    { resources: { MEMORY_MB: resource(1024, { used: 1024, allocation_ratio: 1.5 }) } },
    needs('MEMORY_MB', 512),
    true,
  ],
  [
    ramFilter,
    'reserved before overcommitted',
    { resources: { MEMORY_MB: resource(1024, { reserved: 512, used: 512, allocation_ratio: 2 }) } },
    needs('MEMORY_MB', 513),
    false,
  ],
  [
    ramFilter,
    'more than the host has',
    { resources: { MEMORY_MB: resource(1024, { allocation_ratio: 4 }) } },
    needs('MEMORY_MB', 1025),
    false,
  ],
  [ramFilter, 'no inventory', { resources: {} }, needs('MEMORY_MB', 1), false],

  [
    diskFilter,
    'just enough',
    { resources: { DISK_GB: resource(10, { used: 9 }) } },
    needs('DISK_GB', 1),
    true,
  ],
  [
    diskFilter,
    'too little',
    { resources: { DISK_GB: resource(10, { used: 10 }) } },
    needs('DISK_GB', 1),
    false,
  ],
  [
    diskFilter,
    'nothing needed of a full one',
    { resources: { DISK_GB: resource(10, { used: 12 }) } },
    { resources: {} },
    true,
  ],

  [
    vcpuFilter,
    'overcommitted, just enough',
    { resources: { VCPU: resource(2, { used: 7, allocation_ratio: 4 }) } },
    needs('VCPU', 1),
    true,
  ],
  [
    vcpuFilter,
    'overcommitted, too little',
    { resources: { VCPU: resource(2, { used: 7, allocation_ratio: 4 }) } },
    needs('VCPU', 2),
    false,
  ],
  [
    vcpuFilter,
    'more than the host has',
    { resources: { VCPU: resource(2, { allocation_ratio: 4 }) } },
    needs('VCPU', 3),
    false,
  ],
];

function needs(resourceClass: string, amount: number): Partial<ScheduleRequest> {
  return { resources: { [resourceClass]: amount } };
}

describe('a filter', () => {
  it.each(
    cases.map(([filter, title, host, request, passes]) => ({
      filter,
      name: filter.name,
      title,
      host,
      request,
      passes,
    })),
  )('$name lets a host through ($title): $passes', ({ filter, host, request, passes }) => {
    expect(filter.passes(hostState(host), scheduleRequest(request))).toBe(passes);
  });
});

describe('enabled filters', () => {
  it('are found by name, in the order of the configuration', () => {
    const names = ['VCpuFilter', 'ComputeFilter'];
    expect(enabledFilters(names).map(({ name }) => name)).toEqual(names);
  });

  it('know all names that the configuration allows', () => {
    const { choices = [], default: enabled } = filterOptions.filter_scheduler.enabled_filters;
    expect(enabledFilters(choices)).toHaveLength(5);
    expect(enabled).toEqual(choices);
  });

  it('refuse an unknown name as an error of configuration', () => {
    expect(() => enabledFilters(['ComputeFilter', 'NoFilter'])).toThrow(ConfigError);
    expect(() => enabledFilters(['NoFilter'])).toThrow(/enabled_filters = NoFilter: .*RamFilter/);
  });
});

describe('filters, one after the other,', () => {
  const small = hostState({ resources: { MEMORY_MB: resource(256) } });
  const down = hostState({ service: { up: false, disabled: false } });
  const good = hostState();
  const filters = enabledFilters(['ComputeFilter', 'RamFilter', 'DiskFilter']);

  it('count what they were given and let through', () => {
    const { hosts, counts } = runFilters(filters, [small, down, good], scheduleRequest());

    expect(hosts).toEqual([good]);
    expect(counts).toEqual([
      { filter: 'ComputeFilter', passed: 2, given: 3 },
      { filter: 'RamFilter', passed: 1, given: 2 },
      { filter: 'DiskFilter', passed: 1, given: 1 },
    ]);
  });

  it('stop when no host is left', () => {
    const { hosts, counts } = runFilters(filters, [small, down], scheduleRequest());

    expect(hosts).toEqual([]);
    expect(counts).toEqual([
      { filter: 'ComputeFilter', passed: 1, given: 2 },
      { filter: 'RamFilter', passed: 0, given: 1 },
    ]);
  });
});
