import { join } from 'node:path';
import { type ResourceAmounts, resourcesOf } from '@mini-nova/domain/resources';
import { describePlacement } from '@mini-nova/services-testing/placement-behaviour';
import { flavor } from '@mini-nova/services-testing/scheduling';
import { tempDir } from '@mini-nova/testing';
import { describe, expect, it } from 'vitest';

describePlacement('SQLite', async () => `sqlite:///${join(tempDir(), 'nova.sqlite')}`);

describe("a flavor's resources", () => {
  it('are its vCPUs, memory and all its disks in whole GiB', () => {
    const large = flavor({ vcpus: 2, memory_mb: 2048, root_gb: 20 });
    large.ephemeral_gb = 5;
    large.swap = 1025;
    expect(resourcesOf(large)).toEqual({ VCPU: 2, MEMORY_MB: 2048, DISK_GB: 27 });
  });

  it.each<[string, { [key: string]: string }, ResourceAmounts]>([
    ['any class', { 'resources:CUSTOM_FPGA': '2', 'resources:VGPU': ' 1' }, { CUSTOM_FPGA: 2, VGPU: 1 }],
    ['another amount of a class it already has', { 'resources:MEMORY_MB': '64' }, { MEMORY_MB: 64 }],
    ['dedicated CPUs in place of shared ones', { 'resources:PCPU': '1' }, { PCPU: 1, VCPU: 0 }],
    [
      'the sum over its groups',
      { 'resources1:VGPU': '1', resources_A: '1', 'resources_B:VGPU': '2' },
      { VGPU: 3 },
    ],
    [
      'nothing for what is not a class or an amount',
      { 'resources:GPU': '1', 'resources:VGPU': '-1', 'resources:FPGA': '' },
      {},
    ],
    ['nothing for other keys', { 'hw:cpu_policy': 'shared', 'trait:CUSTOM_X': 'required' }, {}],
  ])('get from extra specs %s', (_title, extraSpecs, changes) => {
    const amounts = { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1, ...changes };
    const present = Object.entries(amounts).filter(([, amount]) => amount > 0);
    const special = flavor();
    special.extra_specs = extraSpecs;
    expect(resourcesOf(special)).toEqual(Object.fromEntries(present));
  });

  it('leave out what its extra specs set to 0', () => {
    const bare = flavor();
    bare.extra_specs = { 'resources:VCPU': '0', 'resources:DISK_GB': '0', 'resources:CUSTOM_BAREMETAL': '1' };
    expect(resourcesOf(bare)).toEqual({ MEMORY_MB: 512, CUSTOM_BAREMETAL: 1 });
  });

  it('leave out classes of which it needs nothing', () => {
    expect(resourcesOf(flavor({ root_gb: 0 }))).toEqual({ VCPU: 1, MEMORY_MB: 512 });
  });
});
