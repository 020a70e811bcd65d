import { ConfigError, type LoadConfigOptions, loadConfig } from '@mini-nova/config';
import { listUsages } from '@mini-nova/data/allocations/queries';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { findService, updateService } from '@mini-nova/data/services/store';
import type { NewService } from '@mini-nova/data/services/table';
import { silentLogger } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';
import { allocationsByProvider, claimResources } from '@mini-nova/placement/allocations';
import { RequestContext } from '@mini-nova/service';
import { RecordingTracer } from '@mini-nova/services-testing/recording-tracer';
import { addHost, flavor, requestSpec, selectionsOf } from '@mini-nova/services-testing/scheduling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CELL_UUID } from './cell.ts';
import { SchedulerManager } from './manager.ts';
import { type SchedulerConfig, schedulerSchema } from './options.ts';

type Overrides = LoadConfigOptions<typeof schedulerSchema>['overrides'];

function config(overrides: Overrides = {}): SchedulerConfig {
  return loadConfig({ schema: schedulerSchema, configFiles: [], env: {}, overrides });
}

describe('select_destinations', () => {
  let db: Database;

  beforeEach(async () => {
    db = await openDatabase('sqlite://');
    await migrate(db);
  });
  afterEach(() => db.close());

  function select(
    spec: RequestSpec,
    instanceUuids: string[] = ['vm1'],
    { alternates = true, overrides = {} as Overrides } = {},
  ): Promise<Selection[][]> {
    const manager = new SchedulerManager({ db, config: config(overrides), logger: silentLogger });
    return selectionsOf(manager, {
      instance_uuids: instanceUuids,
      spec_obj: spec,
      return_alternates: alternates,
    });
  }

  const hostsOf = (selections: Selection[][]) =>
    selections.map((each) => each.map(({ service_host }) => service_host).join(' '));

  it('answers callers that do not ask for objects as before 4.5: with one dictionary for each instance', async () => {
    await addHost(db, 'host-a');
    const manager = new SchedulerManager({ db, config: config(), logger: silentLogger });
    const args = { instance_uuids: ['vm1', 'vm2'], spec_obj: requestSpec() };
    const destination = { host: 'host-a', nodename: expect.any(String), limits: {} };
    expect(await manager.selectDestinations(RequestContext.admin(), args)).toEqual([
      destination,
      destination,
    ]);
    const asked = { ...args, return_objects: false, return_alternates: true };
    expect(await manager.selectDestinations(RequestContext.admin(), asked)).toEqual([
      destination,
      destination,
    ]);
  });

  it('claims the best host and names alternates without claiming them', async () => {
    await addHost(db, 'small', { memoryMb: 1024 });
    const best = await addHost(db, 'big', { memoryMb: 4096 });
    await addHost(db, 'middle', { memoryMb: 2048 });
    await addHost(db, 'smallest', { memoryMb: 512 });

    const selections = await select(requestSpec());

    // max_attempts is 3: the host and two alternates.
    expect(hostsOf(selections)).toEqual(['big middle small']);
    expect(await allocationsByProvider(db, 'vm1')).toEqual({
      [best]: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 },
    });
  });

  it("makes selections like Nova's", async () => {
    const uuid = await addHost(db, 'host1');

    const [[selection] = []] = await select(requestSpec());

    expect(selection?.toPrimitive()).toEqual({
      'nova_object.name': 'Selection',
      'nova_object.namespace': 'nova',
      'nova_object.version': '1.1',
      'nova_object.data': {
        compute_node_uuid: uuid,
        service_host: 'host1',
        nodename: 'host1.node',
        cell_uuid: CELL_UUID,
        limits: {
          'nova_object.name': 'SchedulerLimits',
          'nova_object.namespace': 'nova',
          'nova_object.version': '1.0',
          'nova_object.data': { numa_topology: null, vcpu: null, disk_gb: null, memory_mb: null },
          'nova_object.changes': ['disk_gb', 'memory_mb', 'numa_topology', 'vcpu'],
        },
        allocation_request: `{"allocations": {"${uuid}": {"resources": {"DISK_GB": 1, "MEMORY_MB": 512, "VCPU": 1}}}, "mappings": {"": ["${uuid}"]}}`,
        allocation_request_version: '1.36',
        availability_zone: 'nova',
      },
      'nova_object.changes': [
        'allocation_request',
        'allocation_request_version',
        'availability_zone',
        'cell_uuid',
        'compute_node_uuid',
        'limits',
        'nodename',
        'service_host',
      ],
    });
  });

  it.each([
    ['no alternates when none are asked for', { alternates: false }, 'a'],
    ['no alternates when there is only one attempt', { overrides: { 'scheduler.max_attempts': 1 } }, 'a'],
    ['as many alternates as there are', { overrides: { 'scheduler.max_attempts': 9 } }, 'a b c'],
  ])('names %s', async (_title, options, expected) => {
    for (const host of ['a', 'b', 'c']) await addHost(db, host);
    expect(hostsOf(await select(requestSpec(), ['vm1'], options))).toEqual([expected]);
  });

  it('spreads several instances over the hosts', async () => {
    for (const host of ['a', 'b', 'c']) await addHost(db, host);

    const selections = await select(requestSpec(), ['vm1', 'vm2', 'vm3', 'vm4'], { alternates: false });

    expect(hostsOf(selections)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('spreads instances that are requested at the same time over the hosts', async () => {
    for (const name of ['host-a', 'host-b']) await addHost(db, name);
    const manager = new SchedulerManager({ db, config: config(), logger: silentLogger });
    const placed = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        selectionsOf(manager, { instance_uuids: [`vm${index}`], spec_obj: requestSpec() }),
      ),
    );
    const hosts = placed.map(([selections]) => selections?.[0]?.service_host);
    expect(hosts.filter((host) => host === 'host-a')).toHaveLength(5);
  });

  it('fills up hosts when the multipliers are negative', async () => {
    await addHost(db, 'a');
    await addHost(db, 'b', { vcpus: 2, memoryMb: 1024 });
    const overrides = {
      'filter_scheduler.ram_weight_multiplier': -1,
      'filter_scheduler.cpu_weight_multiplier': -1,
    };

    const selections = await select(requestSpec(), ['vm1', 'vm2', 'vm3'], { alternates: false, overrides });

    expect(hostsOf(selections)).toEqual(['b', 'b', 'a']);
  });

  it('chooses at random among the configured number of best hosts', async () => {
    for (const host of ['a', 'b'])
      await addHost(db, host, { vcpus: 1000, memoryMb: 1_000_000, diskGb: 1000 });
    await addHost(db, 'worse', { vcpus: 100, memoryMb: 60_000, diskGb: 1000 });
    const overrides = { 'filter_scheduler.host_subset_size': 2 };
    const uuids = Array.from({ length: 60 }, (_, n) => `vm${n}`);

    const chosen = new Set(hostsOf(await select(requestSpec(), uuids, { alternates: false, overrides })));
    const first = new Set<string>();
    for (let n = 0; n < 40 && first.size < 2; n++) {
      for (const host of hostsOf(await select(requestSpec(), [`x${n}`], { alternates: false, overrides }))) {
        first.add(host);
      }
    }

    expect(chosen).toEqual(new Set(['a', 'b']));
    expect(first).toEqual(new Set(['a', 'b']));
  });

  it('answers a repeated request with the host that the instance already holds', async () => {
    await addHost(db, 'a', { memoryMb: 512 });
    const first = await select(requestSpec());
    // Would be the better host now, were it not for the claim.
    await addHost(db, 'b');

    const second = await select(requestSpec());

    expect(hostsOf([...first, ...second])).toEqual(['a', 'a b']);
    expect(await listUsages(db.kysely)).toHaveLength(3);
  });

  it('lets an instance grow on its host while there is room', async () => {
    const here = await addHost(db, 'a', { vcpus: 4 });
    await select(requestSpec(), ['vm1', 'vm2']);

    expect(hostsOf(await select(requestSpec({ flavor: flavor({ vcpus: 3 }) }), ['vm1']))).toEqual(['a']);

    expect(await allocationsByProvider(db, 'vm1')).toMatchObject({ [here]: { VCPU: 3 } });
    const tooLarge = select(requestSpec({ flavor: flavor({ vcpus: 2 }) }), ['vm2']);
    await expect(tooLarge).rejects.toThrow('not enough hosts');
    expect(await allocationsByProvider(db, 'vm2')).toMatchObject({ [here]: { VCPU: 1 } });
  });

  it('reads the hosts again for each request', async () => {
    await addHost(db, 'a');
    await select(requestSpec());
    const service = await findService(db.kysely, 'a', 'nova-compute');
    await updateService(db.kysely, { id: service?.id ?? 0 }, { disabled: true });
    await addHost(db, 'b', { memoryMb: 512 });

    expect(hostsOf(await select(requestSpec(), ['vm2']))).toEqual(['b']);
  });

  it('takes the next host when the chosen one was filled meanwhile', async () => {
    const best = await addHost(db, 'best', { vcpus: 8 });
    await addHost(db, 'next', { vcpus: 4 });
    fillOnceRead(db, best);

    const selections = await select(requestSpec(), ['vm1', 'vm2']);

    expect(hostsOf(selections)).toEqual(['next', 'next']);
  });

  /** After the next reading of the hosts, another request takes all that the provider has. */
  function fillOnceRead(database: Database, providerUuid: string): void {
    const snapshot = database.snapshot.bind(database);
    database.snapshot = async (work) => {
      const result = await snapshot(work);
      await claimResources(database, { consumerUuid: 'other', allocations: { [providerUuid]: { VCPU: 8 } } });
      return result;
    };
  }

  describe('raises NoValidHost', () => {
    function refusal(spec: RequestSpec, instanceUuids?: string[]): Promise<unknown> {
      return select(spec, instanceUuids).then(
        () => 'selected',
        (error) => error.data?.reason ?? error,
      );
    }

    it('with the count that each filter let through', async () => {
      await addHost(db, 'a', { memoryMb: 256 });
      await addHost(db, 'b', { memoryMb: 511 });
      await addHost(db, 'c', { service: { disabled: true } });

      expect(await refusal(requestSpec())).toBe(
        'There are not enough hosts available. Filters: AvailabilityZoneFilter 3/3, ComputeFilter 2/3, RamFilter 0/2',
      );
    });

    const refusals: [string, Partial<NewService>, Parameters<typeof requestSpec>[0], string][] = [
      [
        'a zone that no host is in',
        { availability_zone: 'east' },
        { availabilityZone: 'west' },
        'Filters: AvailabilityZoneFilter 0/1',
      ],
      [
        'a host that is down',
        { last_seen_up: '2020-01-01T00:00:00.000Z' },
        {},
        'Filters: AvailabilityZoneFilter 1/1, ComputeFilter 0/1',
      ],
      [
        'a flavor that no host has room for',
        {},
        { flavor: flavor({ vcpus: 9 }) },
        'Filters: AvailabilityZoneFilter 1/1, ComputeFilter 1/1, RamFilter 1/1, DiskFilter 1/1, VCpuFilter 0/1',
      ],
      [
        'hosts that the request excludes',
        {},
        { filterProperties: { ignore_hosts: ['a'] } },
        'None of the 1 compute hosts is one of those requested.',
      ],
    ];

    it.each(refusals)('for %s', async (_title, service, components, reason) => {
      await addHost(db, 'a', { service });
      expect(await refusal(requestSpec(components))).toBe(`There are not enough hosts available. ${reason}`);
    });

    it('when there is no host at all', async () => {
      expect(await refusal(requestSpec())).toBe(
        'There are not enough hosts available. There is no compute host.',
      );
    });

    it('with the counts of the last reading, when the hosts that passed were filled meanwhile', async () => {
      fillOnceRead(db, await addHost(db, 'a'));
      expect(await refusal(requestSpec())).toMatch(
        /AvailabilityZoneFilter 1\/1, ComputeFilter 1\/1, RamFilter 1\/1, DiskFilter 1\/1, VCpuFilter 0\/1$/,
      );
    });

    it('and keeps no claim of a request when only some of its instances fit', async () => {
      await addHost(db, 'a', { vcpus: 2 });
      await select(requestSpec(), ['vm0']);

      expect(await refusal(requestSpec(), ['vm0', 'vm1', 'vm2'])).toMatch(/VCpuFilter 0\/1$/);

      // What vm0 held before stays.
      expect(Object.keys(await allocationsByProvider(db, 'vm0'))).toHaveLength(1);
      expect(await allocationsByProvider(db, 'vm1')).toEqual({});
    });
  });

  it('places exactly as many simultaneous requests as there is room for', async () => {
    for (const host of ['a', 'b']) await addHost(db, host, { vcpus: 5 });

    const results = await Promise.allSettled(
      Array.from({ length: 25 }, (_, n) => select(requestSpec(), [`vm${n}`])),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    const usages = await listUsages(db.kysely);
    expect(usages.filter((usage) => usage.resource_class === 'VCPU').map(({ used }) => used)).toEqual([5, 5]);
  });
});

describe('a decision', () => {
  it('is a span that shows how many hosts were considered and which were chosen', async () => {
    const tracer = RecordingTracer.use();
    const db = await openDatabase('sqlite://');
    await migrate(db);
    for (const host of ['a', 'b']) await addHost(db, host, { vcpus: 1 });
    const manager = new SchedulerManager({ db, config: config(), logger: silentLogger });
    await manager.selectDestinations(RequestContext.admin(), {
      instance_uuids: ['vm1', 'vm2'],
      spec_obj: requestSpec({ filterProperties: { ignore_hosts: ['c'] } }),
      return_objects: true,
      return_alternates: true,
    });
    await db.close();

    expect(tracer.span('select destinations').attributes).toEqual({
      'nova.instance.count': 2,
      'nova.scheduler.hosts_considered': 2,
      'nova.scheduler.hosts_chosen': expect.stringMatching(/^(a,b|b,a)$/),
    });
  });
});

describe('the scheduler manager', () => {
  it('refuses to be made with an unknown filter', async () => {
    const db = await openDatabase('sqlite://');
    const valid = config();
    const filter_scheduler = { ...valid.filter_scheduler, enabled_filters: ['NoFilter'] };
    const make = () =>
      new SchedulerManager({ db, config: { ...valid, filter_scheduler }, logger: silentLogger });
    expect(make).toThrow(ConfigError);
    await db.close();
  });

  it('takes over changed filters, weighers and limits, and keeps the old ones when the new are invalid', async () => {
    const db = await openDatabase('sqlite://');
    await migrate(db);
    await addHost(db, 'large', { memoryMb: 8192 });
    await addHost(db, 'small', { memoryMb: 4096 });
    await addHost(db, 'down', { memoryMb: 16384, service: { last_seen_up: '2020-01-01T00:00:00.000Z' } });
    const options = {
      DEFAULT: { ...config().DEFAULT },
      scheduler: { ...config().scheduler },
      filter_scheduler: { ...config().filter_scheduler },
    };
    const manager = new SchedulerManager({ db, config: options, logger: silentLogger });
    let asked = 0;
    const select = async () => {
      asked += 1;
      const [selections = []] = await selectionsOf(manager, {
        instance_uuids: [`vm${asked}`],
        spec_obj: requestSpec(),
        return_alternates: true,
      });
      return selections.map(({ service_host }) => service_host);
    };
    expect(await select()).toEqual(['large', 'small']);

    options.filter_scheduler = { ...options.filter_scheduler, ram_weight_multiplier: -1 };
    options.scheduler.max_attempts = 1;
    await manager.reset();
    expect(await select()).toEqual(['small']);

    const { filter_scheduler } = options;
    options.filter_scheduler = { ...filter_scheduler, enabled_filters: ['NoFilter'] };
    await expect(manager.reset()).rejects.toThrow(ConfigError);
    expect(await select()).toEqual(['small']);

    options.filter_scheduler = { ...filter_scheduler, enabled_filters: [], ram_weight_multiplier: 1 };
    await manager.reset();
    expect(await select()).toEqual(['down']);

    options.filter_scheduler = { ...options.filter_scheduler, enabled_filters: ['ComputeFilter'] };
    await manager.reset();
    expect(await select()).toEqual(['large']);

    options.DEFAULT.service_down_time = 1e9;
    expect(await select()).toEqual(['down']);
    await db.close();
  });
});
