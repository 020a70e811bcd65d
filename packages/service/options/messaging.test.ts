import { loadConfig } from '@mini-nova/config';
import { expect, test } from 'vitest';
import { refusalOf } from '../../config/test/refusal.ts';
import { messagingOptions } from './messaging.ts';

const load = (overrides: Record<string, unknown>) =>
  loadConfig({ schema: messagingOptions, configFiles: [], env: {}, overrides });

test.each(['rabbits://h/', 'amqp://u:p@h1:5672,u:p@h2/vhost', 'memory://'])(
  'the message bus may be %s',
  (url) => {
    expect(load({ 'DEFAULT.transport_url': url }).DEFAULT.transport_url).toBe(url);
  },
);

test.each(['rabbit', 'zmq://h/', 'http://h/', ''])('the message bus may not be "%s"', (url) => {
  const { option, allowed } = refusalOf(() => load({ 'DEFAULT.transport_url': url }));
  expect({ option, allowed }).toEqual({
    option: '[DEFAULT] transport_url',
    allowed: expect.stringContaining('rabbit://'),
  });
});
