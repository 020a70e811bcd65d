import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { silentLogger } from '@mini-nova/messaging';
import type { ServiceInfo } from '@mini-nova/service';
import { expect, onTestFinished, test } from 'vitest';
import { apiFixture } from '../test/api-fixture.ts';
import { ApiServer, type ApiServerOptions } from './api-server.ts';

async function apiServer(options: Partial<ApiServerOptions> = {}) {
  const { app } = await apiFixture();
  const calls: string[] = [];
  const registered: ServiceInfo[] = [];
  const server = new ApiServer({
    app,
    host: 'host1',
    listen: { host: '127.0.0.1', port: 0 },
    records: {
      register: async (info) => void registered.push(info),
      heartbeat: async () => void calls.push('heartbeat'),
    },
    reportInterval: 0.02,
    gracefulShutdownTimeout: 5,
    logger: silentLogger,
    release: async () => void calls.push('release'),
    ...options,
  });
  onTestFinished(() => server.stop());
  return { server, app, calls, registered };
}

test('serves requests on its address, has a record and keeps it alive', async () => {
  const { server, calls, registered } = await apiServer();
  await server.start();
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${server.url}/v2.1/flavors`)).status).toBe(200);
  expect(registered).toMatchObject([{ host: 'host1', binary: 'nova-osapi_compute', topic: 'osapi_compute' }]);
  await expect.poll(() => calls.length).toBeGreaterThan(1);
});

test('stops once, however often it is told, and then releases what it owns', async () => {
  const { server, calls } = await apiServer({ reportInterval: 60 });
  await server.start();
  const { url } = server;
  await fetch(url);
  await Promise.all([server.stop(), server.stop()]);
  expect(calls).toEqual(['release']);
  await expect(fetch(url)).rejects.toThrow();
});

test('answers what it has begun before it stops', async () => {
  const { server, app } = await apiServer();
  let finish: (() => void) | undefined;
  app.get('/slow', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { done: true };
  });
  await server.start();
  const slow = fetch(`${server.url}/slow`);
  await expect.poll(() => finish).toBeDefined();
  const stopped = server.stop();
  finish?.();
  expect(await (await slow).json()).toEqual({ done: true });
  await stopped;
});

test('does not wait longer than the graceful shutdown timeout', async () => {
  const { server, app } = await apiServer({ gracefulShutdownTimeout: 0.1 });
  let begun = false;
  app.get('/never', () => {
    begun = true;
    return new Promise(() => {});
  });
  await server.start();
  const never = fetch(`${server.url}/never`).then(
    () => 'answered',
    () => 'cut off',
  );
  await expect.poll(() => begun).toBe(true);
  await server.stop();
  expect(await never).toBe('cut off');
});

test('a port that is taken is an error that names it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { server, calls, registered } = await apiServer({ listen: { host: '127.0.0.1', port } });
  await expect(server.start()).rejects.toMatchObject({
    code: 'LISTEN',
    reason: 'EADDRINUSE',
    message: expect.stringMatching(
      new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`),
    ),
  });
  expect(registered).toEqual([]);
  expect(calls).toEqual(['release']);
});
