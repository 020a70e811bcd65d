import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Driver, DriverContext } from './drivers/driver.ts';
import { DriverLoadFailure, InvalidTransportURL } from './errors.ts';
import { silentLogger } from './logger.ts';
import { getTransport, registerDriver } from './transport.ts';
import type { TransportUrl } from './transport-url.ts';

const idleDriver: Driver = {
  send: async () => undefined,
  listen: async () => ({ stop: async () => {} }),
  close: async () => {},
};

test('a driver of any scheme can be added', () => {
  const scheme = `x${randomUUID()}`;
  const made: [TransportUrl, DriverContext][] = [];
  registerDriver(scheme, (url, context) => {
    made.push([url, context]);
    return idleDriver;
  });
  const transport = getTransport({
    url: `${scheme}://host/vhost`,
    name: 'api',
    controlExchange: 'nova',
    logger: silentLogger,
    rabbit: { rabbitRetryInterval: 3 },
  });
  expect(transport).toMatchObject({ driver: idleDriver, name: 'api', controlExchange: 'nova' });
  expect(made).toMatchObject([
    [
      { hosts: [{ hostname: 'host' }], virtualHost: 'vhost' },
      { name: 'api', controlExchange: 'nova', logger: silentLogger, rabbit: { rabbitRetryInterval: 3 } },
    ],
  ]);
});

test.each(['memory://bus/', 'fake://', 'rabbit://h/', 'amqp://h/', 'rabbits://h/', 'amqps://h/'])(
  '%s has a driver, which opens nothing by itself',
  async (url) => {
    const transport = getTransport({ url, logger: silentLogger });
    expect(transport).toMatchObject({ controlExchange: 'openstack', rpcResponseTimeout: 60, name: '' });
    await transport.close();
  },
);

test('a scheme that nobody registered is an error that names those there are', () => {
  expect(() => getTransport({ url: 'kafka://h/' })).toThrow(DriverLoadFailure);
  expect(() => getTransport({ url: 'kafka://h/' })).toThrow(/"kafka".*memory.*rabbit/);
});

test('a URL that cannot be read is an error', () => {
  expect(() => getTransport({ url: 'localhost' })).toThrow(InvalidTransportURL);
});
