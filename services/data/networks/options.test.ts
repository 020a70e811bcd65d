import { ConfigError, loadConfig } from '@mini-nova/config';
import { expect, test } from 'vitest';
import { networkOptions } from './options.ts';

const load = (overrides: Record<string, unknown>) =>
  loadConfig({ schema: networkOptions, configFiles: [], env: {}, overrides });

function errorOf(overrides: Record<string, unknown>): ConfigError {
  try {
    load(overrides);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test.each(['10.0.0.0/16', '192.168.4.0/24', '0.0.0.0/8'])('the network may be %s', (cidr) => {
  expect(load({ 'network.cidr': cidr }).network.cidr).toBe(cidr);
});

test.each([
  '10.0.0.0',
  '10.0.0.0/30',
  '10.0.0/16',
  '256.0.0.0/16',
  '10.0.0.0.0/16',
  'a/16',
  '10.0.0.0/7',
  '/16',
])('the network may not be %s', (cidr) => {
  expect(errorOf({ 'network.cidr': cidr }).option).toBe('[network] cidr');
});
