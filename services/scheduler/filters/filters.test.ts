import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type ConfigValues, integer, optionsOf } from '@mini-nova/config';
import type { ComputeNodeRow } from '@mini-nova/data/compute-nodes/table';
import { hostState, resource, scheduleRequest } from '@mini-nova/services-testing/scheduling';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { FilterRuns } from '../hosts/host-choice.ts';
import type { HostState, HostStateValues } from '../hosts/host-manager.ts';
import type { ScheduleRequest } from '../schedule-request.ts';
import { availabilityZoneFilter } from './availability-zone-filter.ts';
import { computeFilter } from './compute-filter.ts';
import { diskFilter } from './disk-filter.ts';
import { type HostFilter, hostFilter } from './host-filter.ts';
import { ramFilter } from './ram-filter.ts';
import { enabledFilters, filterOptions } from './registry.ts';
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
    expect(filter.passes(hostState(host), scheduleRequest(request), {})).toBe(passes);
  });
});

describe('enabled filters', () => {
  it('are found by name, in the order of the configuration', () => {
    const names = ['VCpuFilter', 'ComputeFilter'];
    expect(enabledFilters(names).map(({ name }) => name)).toEqual(names);
  });

  it('exist for all names that the configuration allows', () => {
    const { choices = [], default: enabled } = filterOptions.filter_scheduler.enabled_filters;
    expect(enabledFilters(choices).map(({ name }) => name)).toEqual(choices);
    expect(choices).toEqual(expect.arrayContaining([...enabled]));
  });

  it.each(
    readdirSync(import.meta.dirname).filter(
      (file) => /-filter\.ts$/.test(file) && !/^(host|resource)-/.test(file),
    ),
  )('can include that of %s', async (file) => {
    const exported: Record<string, HostFilter> = await import(join(import.meta.dirname, file));
    const { choices } = filterOptions.filter_scheduler.enabled_filters;
    for (const { name } of Object.values(exported)) expect(choices).toContain(name);
  });

  it('refuse an unknown name with a ConfigError', () => {
    expect(() => enabledFilters(['ComputeFilter', 'NoFilter'])).toThrow(ConfigError);
    expect(() => enabledFilters(['NoFilter'])).toThrow(/enabled_filters = NoFilter: .*RamFilter/);
  });
});

describe('filters, one after the other,', () => {
  const small = hostState({ resources: { MEMORY_MB: resource(256) } });
  const down = hostState({ service: { up: false, disabled: false } });
  const good = hostState();

  function runs(filters: readonly HostFilter[], hosts: HostState[]): FilterRuns {
    return new FilterRuns({ filters, config: {} }, hosts, scheduleRequest());
  }

  it.each([
    ['before the others', ['ComputeFilter', 'RamFilter', 'DiskFilter']],
    ['after others', ['RamFilter', 'ComputeFilter', 'DiskFilter']],
  ])(
    'count the hosts they were given and let through, with a filter that runs once per request %s',
    (_title, names) => {
      const { hosts, counts } = runs(enabledFilters(names), [small, down, good]).run();

      expect(hosts).toEqual([good]);
      expect(counts).toEqual([
        { filter: names[0], passed: 2, given: 3 },
        { filter: names[1], passed: 1, given: 2 },
        { filter: 'DiskFilter', passed: 1, given: 1 },
      ]);
    },
  );

  it('stop when no host is left', () => {
    const filters = enabledFilters(['ComputeFilter', 'RamFilter', 'DiskFilter']);
    const { hosts, counts } = runs(filters, [small, down]).run();

    expect(hosts).toEqual([]);
    expect(counts).toEqual([
      { filter: 'ComputeFilter', passed: 1, given: 2 },
      { filter: 'RamFilter', passed: 0, given: 1 },
    ]);
  });

  it('judge a host once for each instance, or once for the whole request', () => {
    const looks: string[] = [];
    const looking = (name: string, oncePerRequest: boolean) =>
      hostFilter({ name, oncePerRequest, passes: () => looks.push(name) > 0 });
    const filters = [looking('first', true), looking('each', false), looking('late', true)];

    const instances = runs(filters, [good, small]);
    for (let instance = 0; instance < 3; instance++) instances.run();

    expect(looks.filter((name) => name === 'first')).toHaveLength(2);
    expect(looks.filter((name) => name === 'late')).toHaveLength(2);
    expect(looks.filter((name) => name === 'each')).toHaveLength(6);
  });

  it('see what earlier instances of the request have taken', () => {
    const host = hostState({ resources: { MEMORY_MB: resource(512) } });
    const instances = runs([ramFilter], [host]);

    expect(instances.run().hosts).toEqual([host]);
    host.consume({ MEMORY_MB: 512 });
    expect(instances.run().hosts).toEqual([]);
  });
});

describe('a filter with options and columns of its own', () => {
  const roomyFilter = hostFilter({
    name: 'RoomyFilter',
    options: {
      filter_scheduler: { busy_above: integer({ default: 8, help: 'Guests that make a host busy.' }) },
    },
    reads: ['running_vms'],
    passes: ({ node }, _request, { filter_scheduler }) =>
      (node.running_vms ?? 0) <= filter_scheduler.busy_above,
  });

  it('reads them', () => {
    const runs = (running_vms: number) => hostState({ node: { running_vms } as ComputeNodeRow });
    const config = { filter_scheduler: { busy_above: 2 } };
    expect([2, 3].map((count) => roomyFilter.passes(runs(count), scheduleRequest(), config))).toEqual([
      true,
      false,
    ]);
  });

  it('cannot read other options or columns', () => {
    // @ts-expect-error It does not say that it reads the column.
    hostFilter({ name: 'a', passes: ({ node }) => node.stats === null });
    // @ts-expect-error There is no such option of its own.
    hostFilter({ name: 'b', passes: (_host, _request, config) => config.filter_scheduler.busy_above > 0 });
    // @ts-expect-error There is no such column.
    hostFilter({ name: 'c', reads: ['colour'], passes: () => true });
    const options = { ...filterOptions, ...optionsOf([roomyFilter]) };
    expectTypeOf<ConfigValues<typeof options>['filter_scheduler']['busy_above']>().toEqualTypeOf<number>();
  });

  it('cannot have an option that another filter has', () => {
    expect(() => optionsOf([roomyFilter, { ...roomyFilter, name: 'Other' }])).toThrow(
      'Two options are named [filter_scheduler] busy_above',
    );
  });
});
