import { ConfigError, loadConfig } from '@mini-nova/config';
import { startCloud } from '@mini-nova/services-testing/cloud-fixture';
import { expect, test } from 'vitest';
import { computeSchema } from '../options.ts';
import { FakeDriver } from '../virt/fake/fake-driver.ts';
import { checkSizes } from './host-sizes.ts';

const driver = new FakeDriver('host1', { vcpus: 8, memory_mb: 32_768, disk_gb: 1000 });
const configured = (overrides: Record<string, unknown>) =>
  loadConfig({ schema: computeSchema, env: {}, configFiles: [], overrides });

test.each([
  ['reserved_host_cpus', 9, 'at most 8, as this host has 8 CPUs'],
  ['reserved_host_memory_mb', 32_769, 'at most 32768, as this host has 32768 MiB of memory'],
  ['reserved_host_disk_mb', 1_024_001, 'at most 1024000, as this host has 1000 GiB of disk'],
  ['initial_ram_allocation_ratio', 65_536, 'at most 65535, as this host has 32768 MiB of memory'],
])('%s = %d is refused, with the limit', async (option, value, allowed) => {
  const { DEFAULT } = configured({ [`DEFAULT.${option}`]: value });
  const error: unknown = await checkSizes(driver, DEFAULT).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({ message: `host1: [DEFAULT] ${option} = ${value}: must be ${allowed}` });
});

test('a whole host may be reserved', async () => {
  const whole = { reserved_host_cpus: 8, reserved_host_memory_mb: 32_768, reserved_host_disk_mb: 1_024_000 };
  const overrides = Object.fromEntries(
    Object.entries(whole).map(([option, value]) => [`DEFAULT.${option}`, value]),
  );
  await checkSizes(driver, configured(overrides).DEFAULT);
});

test('a host may have as much of each resource as a column can hold', async () => {
  const most = 2 ** 31 - 1;
  const largest = new FakeDriver('host1', { vcpus: most, memory_mb: most, disk_gb: most });
  await checkSizes(largest, configured({ 'DEFAULT.initial_cpu_allocation_ratio': 1 }).DEFAULT);
});

test('a compute with an impossible size does not start', async () => {
  await expect(startCloud({ 'DEFAULT.reserved_host_cpus': 9 })).rejects.toThrow(ConfigError);
});
