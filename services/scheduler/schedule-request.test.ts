import { CellMapping, Destination, InstanceGroup, RequestGroup } from '@mini-nova/objects';
import { flavor, hostState, requestSpec, scheduleRequest } from '@mini-nova/services-testing/scheduling';
import { describe, expect, it } from 'vitest';
import { requestedHosts, type ScheduleRequest, scheduleRequestOf } from './schedule-request.ts';

describe('the hosts that a request allows', () => {
  const hosts = [
    hostState({ host: 'h1', nodename: 'n1' }),
    hostState({ host: 'h1', nodename: 'n2' }),
    hostState({ host: 'h2', nodename: 'n3' }),
  ];

  const cases: [string, Partial<ScheduleRequest>, string][] = [
    ['without conditions: all', {}, 'n1 n2 n3'],
    ['a destination host', { destination: { host: 'h1', node: null } }, 'n1 n2'],
    ['a destination host and node', { destination: { host: 'h1', node: 'n2' } }, 'n2'],
    ['a destination that does not exist', { destination: { host: 'h3', node: null } }, ''],
    ['forced hosts', { forceHosts: ['h2', 'h3'] }, 'n3'],
    ['forced nodes', { forceNodes: ['n1', 'n3'] }, 'n1 n3'],
    ['ignored hosts, in any case', { ignoreHosts: ['H1'] }, 'n3'],
    ['a host both forced and ignored', { forceHosts: ['h1'], ignoreHosts: ['h1'] }, ''],
  ];

  it.each(cases)('%s', (_title, request, expected) => {
    const allowed = requestedHosts(hosts, scheduleRequest(request));
    expect(allowed.map(({ nodename }) => nodename).join(' ')).toBe(expected);
  });
});

describe('a schedule request', () => {
  it('takes resources and conditions from the spec', () => {
    const spec = requestSpec({
      availabilityZone: 'east',
      requestedDestination: new Destination({ host: 'h1', node: 'n1' }),
      filterProperties: { force_hosts: ['h1'], force_nodes: ['n1'], ignore_hosts: ['h2'] },
    });

    expect(scheduleRequestOf(spec)).toEqual({
      ...scheduleRequest(),
      resources: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 },
      availabilityZone: 'east',
      destination: { host: 'h1', node: 'n1' },
      forceHosts: ['h1'],
      forceNodes: ['n1'],
      ignoreHosts: ['h2'],
    });
  });

  it('has no conditions when the spec has none', () => {
    expect(scheduleRequestOf(requestSpec())).toEqual(scheduleRequest());
  });

  it('takes what filters and weighers may judge by', () => {
    const special = flavor();
    special.extra_specs = { 'resources:VGPU': '1', 'hw:cpu_policy': 'dedicated' };
    const group = new RequestGroup({ resources: { NET_BW_EGR_KILOBIT_PER_SEC: 1000 } });
    const spec = requestSpec({
      flavor: special,
      image: { properties: { hw_architecture: 'aarch64', os_distro: 'debian' } },
      schedulerHints: { different_host: ['vm1', 'vm2'] },
      instanceGroup: new InstanceGroup({ policies: ['anti-affinity'], members: ['vm1'], hosts: ['h1'] }),
    });
    spec.requested_resources = [group];

    expect(scheduleRequestOf(spec)).toEqual({
      ...scheduleRequest(),
      resources: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1, VGPU: 1 },
      extraSpecs: { 'resources:VGPU': '1', 'hw:cpu_policy': 'dedicated' },
      imageProperties: { hw_architecture: 'aarch64', os_distro: 'debian' },
      schedulerHints: { different_host: ['vm1', 'vm2'] },
      instanceGroup: { policy: 'anti-affinity', rules: {}, members: ['vm1'], hosts: new Set(['h1']) },
      requestGroups: [group],
    });
  });

  it('treats a destination that names only the cell as none', () => {
    const cell = new Destination({ cell: new CellMapping({ name: 'cell1' }) });
    expect(scheduleRequestOf(requestSpec({ requestedDestination: cell })).destination).toBeNull();
  });
});
