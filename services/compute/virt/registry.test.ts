import { ConfigError, defaultValues } from '@mini-nova/config';
import { expect, it } from 'vitest';
import { loadComputeDriver, virtOptions } from './registry.ts';

const defaults = { ...defaultValues(virtOptions), warnings: [] };

function configured(compute_driver: string): typeof defaults {
  return { ...defaults, DEFAULT: { ...defaults.DEFAULT, compute_driver } };
}

it.each(virtOptions.DEFAULT.compute_driver.choices ?? [])(
  'makes a %s, which the configuration may name',
  (name) => {
    expect(loadComputeDriver('host1', configured(name))).toBeDefined();
  },
);

it('hands a driver its options', async () => {
  const config = { ...defaults, fake: { ...defaults.fake, vcpus: 2 } };
  const driver = loadComputeDriver('host1', config);
  expect(await driver.getAvailableNodes()).toEqual(['host1']);
  expect((await driver.getAvailableResource('host1')).vcpus).toBe(2);
});

it('refuses a driver that does not exist, and names the existing ones', () => {
  const load = () => loadComputeDriver('host1', configured('libvirt.LibvirtDriver'));
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(/compute_driver = libvirt.LibvirtDriver.*fake.FakeDriver/);
});
