import { expect, test } from 'vitest';
import { loadComputeDriver } from './driver-registry.ts';
import { virtOptions } from './options.ts';

test('each driver that the configuration allows exists', () => {
  const { choices = [], default: chosen } = virtOptions.DEFAULT.compute_driver;
  for (const name of choices) expect(loadComputeDriver(name, { host: 'h' })).toBeDefined();
  expect(choices).toContain(chosen);
});
