import { describe, expect, test } from 'vitest';
import { DriverLoadFailure } from '../../errors.ts';
import { type RabbitOptions, rabbitSettings } from './rabbit-options.ts';

test('what is not given has its default', () => {
  expect(rabbitSettings({ rabbitRetryInterval: 5 })).toMatchObject({
    rabbitRetryInterval: 5,
    rabbitRetryBackoff: 2,
    heartbeatTimeoutThreshold: 60,
    rabbitTransientQueuesTtl: 1800,
  });
});

test.each<[string, RabbitOptions]>([
  ['a negative heartbeat', { heartbeatTimeoutThreshold: -1 }],
  ['a heartbeat the protocol cannot carry', { heartbeatTimeoutThreshold: 65_536 }],
  ['a fraction of a message', { rabbitQosPrefetchCount: 1.5 }],
  ['queues that expire at once', { rabbitTransientQueuesTtl: 0 }],
  ['no number', { rabbitIntervalMax: Number.NaN }],
])('%s is refused, with the option and what is allowed', (_what, options) => {
  const [name = ''] = Object.keys(options);
  expect(() => rabbitSettings(options)).toThrow(DriverLoadFailure);
  expect(() => rabbitSettings(options)).toThrow(
    new RegExp(`option ${name} .* must be a .*from \\d+ to \\d+`),
  );
});

test.each([
  [
    { kombuFailoverStrategy: 'random' },
    /kombuFailoverStrategy is random, but must be round-robin or shuffle/,
  ],
  [{ kombuCompression: 'bz2' }, /kombuCompression is bz2, but must be gzip/],
])('%j is refused, with what may be chosen', (options, reason) => {
  expect(() => rabbitSettings(options as RabbitOptions)).toThrow(reason);
});

describe("a transport URL's query", () => {
  test('is stronger than the options', () => {
    const choices = { kombu_failover_strategy: 'shuffle', kombu_compression: 'gzip' };
    const query = { ssl: 'True', rabbit_retry_interval: '2.5', ssl_ca_file: '/ca.pem', ...choices };
    expect(rabbitSettings({ ssl: false, rabbitRetryInterval: 9 }, query)).toMatchObject({
      kombuFailoverStrategy: 'shuffle',
      kombuCompression: 'gzip',
      ssl: true,
      rabbitRetryInterval: 2.5,
      sslCaFile: '/ca.pem',
    });
  });

  test.each([
    ['rabbit_hosts', 'h', /rabbit_hosts, which is no option/],
    ['kombu_compression', 'bz2', /kombuCompression is bz2, but must be gzip/],
    ['ssl', 'perhaps', /ssl is "perhaps", but must be true or false/],
    ['rabbit_retry_interval', 'x', /rabbitRetryInterval is NaN, but must be a number/],
  ])('is refused with %s=%s', (name, value, reason) => {
    expect(() => rabbitSettings({}, { [name]: value })).toThrow(reason);
  });
});
