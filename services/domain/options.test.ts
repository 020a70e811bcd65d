import { loadConfig } from '@mini-nova/config';
import { expect, test } from 'vitest';
import { refusalOf } from '../../packages/config/test/refusal.ts';
import { domainOptions } from './options.ts';

const load = (overrides: Record<string, unknown>) =>
  loadConfig({ schema: domainOptions, configFiles: [], env: {}, overrides });

test.each(['6.0', 'zed', 'icehouse', ''])('an RPC API may be pinned to "%s"', (pin) => {
  expect(load({ 'upgrade_levels.compute': pin }).upgrade_levels.compute).toBe(pin || null);
});

test.each(['zedd', 'Zed', '6', 'auto'])('an RPC API may not be pinned to "%s"', (pin) => {
  const { option, allowed } = refusalOf(() => load({ 'upgrade_levels.scheduler': pin }));
  expect(option).toBe('[upgrade_levels] scheduler');
  expect(allowed).toMatch(/a version such as .* a release \(icehouse, .*zed\), or empty/);
});
