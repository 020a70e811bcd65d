import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:net';
import { freePort } from '@mini-nova/testing';
import { afterEach, expect, test, vi } from 'vitest';
import type { TransportEvent } from '../../../hooks.ts';
import { silentLogger } from '../../../logger.ts';
import { parseTransportUrl } from '../../../transport-url.ts';
import { rabbitSettings } from '../rabbit-options.ts';
import { brokerAddresses } from './broker-address.ts';
import { BrokerConnection } from './connection.ts';

afterEach(() => vi.restoreAllMocks());

/** A connection to a port where no broker is, whose waits may grow by 10 s each time. */
function connectionTo(port: number) {
  // Each wait is as long as it can be.
  vi.spyOn(Math, 'random').mockReturnValue(1);
  const settings = rabbitSettings({ rabbitRetryInterval: 0.02, rabbitRetryBackoff: 10 });
  const addresses = brokerAddresses(parseTransportUrl(`rabbit://127.0.0.1:${port}/`), settings);
  const events: TransportEvent[] = [];
  const onEvent = (event: TransportEvent) => void events.push(event);
  const connection = new BrokerConnection({
    name: 'test',
    addresses,
    settings,
    logger: silentLogger,
    onEvent,
  });
  let rounds = 0;
  connection.on('unreachable', () => {
    rounds += 1;
  });
  connection.open();
  return { connection, rounds: () => rounds, events };
}

test('a host where nothing listens is tried again and again, since that costs the broker nothing', async () => {
  const { connection, rounds, events } = connectionTo(await freePort());
  await vi.waitFor(() => expect(rounds()).toBeGreaterThan(10));
  await connection.close();
  expect(events).toEqual([]);
});

test('a host that fails in another way is tried less and less often', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { connection, rounds } = connectionTo(port);
  await vi.waitFor(() => expect(rounds()).toBe(2));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect([rounds(), connections]).toEqual([2, 2]);
  await connection.close();
  await new Promise((resolve) => server.close(resolve));
});

test("a connection's log lines do not belong to the request that first needed it", async () => {
  const request = new AsyncLocalStorage<string>();
  const logged: (string | undefined)[] = [];
  const settings = rabbitSettings({ rabbitRetryInterval: 0.02 });
  const connection = new BrokerConnection({
    name: 'test',
    addresses: brokerAddresses(parseTransportUrl(`rabbit://127.0.0.1:${await freePort()}/`), settings),
    settings,
    logger: { ...silentLogger, warn: () => logged.push(request.getStore()) },
  });
  request.run('first', () => connection.open());
  await vi.waitFor(() => expect(logged.length).toBeGreaterThan(0));
  await connection.close();
  expect(logged.every((id) => id === undefined)).toBe(true);
});
