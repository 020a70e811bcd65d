import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Driver, DriverContext } from './drivers/driver.ts';
import { DriverLoadFailure, InvalidTransportURL, MessageDeliveryFailure } from './errors.ts';
import { silentLogger } from './logger.ts';
import { ScriptedDriver } from './test/scripted-driver.ts';
import { getTransport, registerDriver, Transport } from './transport.ts';
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

/** A transport whose driver gets ready as it is told. */
function transportOf(ready: Driver['ready']): Transport {
  return new Transport(Object.assign(new ScriptedDriver(), ready && { ready }), { logger: silentLogger });
}

/** A broker that does not come: the reason is told when it has been waited for long enough. */
function absent(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new MessageDeliveryFailure('connection refused')));
  });
}

describe('ready', () => {
  test('resolves at once where there is nothing to wait for', async () => {
    await transportOf(undefined).ready();
    const transport = getTransport({ url: `memory://${randomUUID()}/`, logger: silentLogger });
    await transport.ready({ timeout: 0.001 });
    await transport.close();
  });

  test('rejects when the time is over, and says why', async () => {
    const ready = transportOf(absent).ready({ timeout: 0.02 });
    await expect(ready).rejects.toBeInstanceOf(MessageDeliveryFailure);
    await expect(ready).rejects.toThrow('The transport was not ready within 0.02 s: connection refused');
    await expect(ready).rejects.toMatchObject({ cause: { message: 'connection refused' } });
  });

  test('rejects at once when the driver says that it will not be', async () => {
    const refuse = async () => {
      throw 'wrong password';
    };
    await expect(transportOf(refuse).ready()).rejects.toThrow('The transport is not ready: wrong password');
  });

  test('rejects when the transport is closed, before or meanwhile', async () => {
    for (const driver of [absent, undefined]) {
      const transport = transportOf(driver);
      const waiting = driver && expect(transport.ready()).rejects.toThrow('The transport is closed');
      await transport.close();
      await waiting;
      await expect(transport.ready()).rejects.toThrow('The transport is closed');
    }
    const memory = getTransport({ url: `memory://${randomUUID()}/`, logger: silentLogger });
    await memory.close();
    await expect(memory.ready()).rejects.toBeInstanceOf(MessageDeliveryFailure);
  });

  test.each([0, -1, Number.NaN, '5', null])('takes no timeout of %s', async (timeout) => {
    await expect(transportOf(undefined).ready({ timeout: timeout as number })).rejects.toThrow(TypeError);
  });
});
