import { loadConfig } from '@mini-nova/config';
import { expect, test } from 'vitest';
import { refusalOf } from '../../../packages/config/test/refusal.ts';
import { networkOptions } from './options.ts';

const load = (overrides: Record<string, unknown>) =>
  loadConfig({ schema: networkOptions, configFiles: [], env: {}, overrides });

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
  expect(refusalOf(() => load({ 'network.cidr': cidr })).option).toBe('[network] cidr');
});
