import dns from 'node:dns';
import { type AddressInfo, createServer } from 'node:net';
import { getTransport, silentLogger } from '@mini-nova/messaging';
import { Manager, Service, type ServiceInfo, type ServiceOptions, ShutdownTimeout } from '@mini-nova/service';
import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RecordingLogger } from '../../packages/service/test/recording-logger.ts';
import { ApiServer, type ApiServerOptions } from './api-server.ts';

async function apiService({
  listen = { host: '127.0.0.1', port: 0 },
  ...options
}: Partial<ServiceOptions & ApiServerOptions> = {}) {
  const fixture = await apiFixture();
  const { app } = fixture;
  const { transport = fixture.transport, logger = silentLogger } = options;
  const calls: string[] = [];
  const registered: ServiceInfo[] = [];
  const server = new ApiServer({ app, listen, transport, logger });
  const service = Service.create({
    binary: 'nova-osapi_compute',
    topic: 'osapi_compute',
    intake: server,
    manager: new Manager({ host: 'host1', serviceName: 'osapi_compute' }),
    records: {
      register: async (info) => void registered.push(info),
      heartbeat: async () => void calls.push('heartbeat'),
      stopped: async () => void calls.push('stopped'),
    },
    reportInterval: () => 60,
    serviceDownTime: () => 60,
    gracefulShutdownTimeout: () => 5,
    release: async () => void calls.push('release'),
    ...options,
    transport,
    logger,
  });
  onTestFinished(() =>
    service.stop({ quick: true }).catch(() => {
      // What the test has seen.
    }),
  );
  /** Routes whose requests end when they are told to, or never. */
  const begun: string[] = [];
  let finish: () => void = () => {};
  app.get('/slow', async () => {
    begun.push('slow');
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { done: true };
  });
  app.get('/never', () => {
    begun.push('never');
    return new Promise(() => {});
  });
  return { server, service, app, calls, registered, begun, finish: () => finish() };
}

/** What became of a request. */
async function outcomeOf(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text();
  } catch {
    return 'cut off';
  }
}

test('serves requests on its address, has a record and keeps it alive', async () => {
  const { server, service, calls, registered } = await apiService({ reportInterval: () => 0.02 });
  await service.start();
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${server.url}/v2.1/flavors`)).status).toBe(200);
  expect(registered).toMatchObject([{ host: 'host1', binary: 'nova-osapi_compute', topic: 'osapi_compute' }]);
  await expect.poll(() => calls.length).toBeGreaterThan(1);
});

test('connects to the broker when it starts, not for the first request', async () => {
  const ready = vi.fn(async () => {});
  const { transport } = await apiFixture();
  const { service } = await apiService({ transport: Object.assign(transport, { ready }) });
  await service.start();
  expect(ready).toHaveBeenCalled();
});

test('the check of the broker says what is wrong, without waiting for the broker', async () => {
  const transport = getTransport({ url: 'rabbit://nova:secret@127.0.0.1:1/', logger: silentLogger });
  const { service } = await apiService({ transport });
  await expect(service.checks.broker?.()).rejects.toThrow(/ECONNREFUSED 127\.0\.0\.1:1/);
});

test('listens on only one address of a name that has several, since its limits hold there only', async () => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  const { lookup } = dns;
  vi.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: unknown[]) => {
    const done = rest.at(-1) as CallableFunction;
    const { all } = rest[0] as { all?: boolean };
    if (name !== 'localhost') lookup(name, ...(rest as [never]));
    else if (all) done(null, addresses);
    else done(null, '127.0.0.1', 4);
  }) as never);
  onTestFinished(() => void vi.restoreAllMocks());
  const { service, app } = await apiService({ listen: { host: 'localhost', port: 0 } });
  await service.start();
  expect(app.addresses()).toHaveLength(1);
});

test('takes over a changed interval of heartbeats', async () => {
  let interval = 60;
  const { service, calls } = await apiService({ reportInterval: () => interval });
  await service.start();

  interval = 0.02;
  service.reset();

  await expect.poll(() => calls).toContain('heartbeat');
});

test('a port that is taken is an error that names it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { service, calls, registered } = await apiService({ listen: { host: '127.0.0.1', port } });
  await expect(service.start()).rejects.toMatchObject({
    code: 'LISTEN',
    reason: 'EADDRINUSE',
    message: expect.stringMatching(
      new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`),
    ),
  });
  expect(registered).toEqual([]);
  expect(calls).toEqual(['release']);
});

describe('stopping', () => {
  test('happens once, however often it is told; the record says so, and what it owns is released', async () => {
    const { server, service, calls } = await apiService();
    await service.start();
    const { url } = server;
    await fetch(url);
    await Promise.all([service.stop(), service.stop()]);
    expect(calls).toEqual(['stopped', 'release']);
    await expect(fetch(url)).rejects.toThrow();
  });

  test('leaves the record up when another worker takes its place', async () => {
    const { service, calls } = await apiService();
    await service.start();
    await service.stop({ replaced: true });
    expect(calls).toEqual(['release']);
  });

  test('answers what was begun, and closes its connection', async () => {
    const { server, service, begun, finish } = await apiService();
    await service.start();
    const slow = fetch(`${server.url}/slow`);
    await expect.poll(() => begun).toEqual(['slow']);
    const stopped = service.stop();
    await expect(fetch(server.url)).rejects.toThrow();
    finish();
    const answer = await slow;
    expect(answer.headers.get('connection')).toBe('close');
    expect(await answer.json()).toEqual({ done: true });
    await stopped;
  });

  test('waits for work whose client has gone', async () => {
    const { server, service, begun, calls, finish } = await apiService();
    await service.start();
    const client = new AbortController();
    const gone = fetch(`${server.url}/slow`, { signal: client.signal });
    await expect.poll(() => begun).toEqual(['slow']);
    client.abort();
    await expect(gone).rejects.toThrow();

    const stopped = service.stop();
    await expect.poll(() => calls).toEqual(['stopped']);
    finish();
    await stopped;
    expect(calls).toEqual(['stopped', 'release']);
  });

  test('cuts what has not ended in time, names it in the log and fails', async () => {
    const logger = new RecordingLogger();
    const { server, service, begun, calls } = await apiService({
      gracefulShutdownTimeout: () => 0.1,
      logger,
    });
    await service.start();
    const never = outcomeOf(`${server.url}/never?a=1`);
    await expect.poll(() => begun).toEqual(['never']);

    const error: unknown = await service.stop().catch((reason: unknown) => reason);

    const { errors } = error as AggregateError;
    expect(errors).toEqual([expect.any(ShutdownTimeout)]);
    expect(errors[0]).toMatchObject({ methods: ['GET /never?a=1'] });
    expect(await never).toBe('cut off');
    const request = {
      method: 'GET',
      url: '/never?a=1',
      request_id: expect.stringMatching(/^req-/),
      seconds: expect.any(Number),
    };
    expect(logger.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'Cut requests that had not ended in time', data: { requests: [request] } },
      { message: 'A service could not be stopped cleanly' },
    ]);
    expect(calls).toEqual(['stopped', 'release']);
  });

  test('quickly cuts everything at once, and does not count as a failure', async () => {
    const { server, service, begun, calls } = await apiService();
    await service.start();
    const never = outcomeOf(`${server.url}/never`);
    await expect.poll(() => begun).toEqual(['never']);
    await service.stop({ quick: true });
    expect(await never).toBe('cut off');
    expect(calls).toEqual(['stopped', 'release']);
  });

  test('becomes quick when a quick stop is asked for meanwhile', async () => {
    const { server, service, begun } = await apiService();
    await service.start();
    const never = outcomeOf(`${server.url}/never`);
    await expect.poll(() => begun).toEqual(['never']);
    const stopped = service.stop();
    await service.stop({ quick: true });
    await stopped;
    expect(await never).toBe('cut off');
  });
});

describe('readiness', () => {
  const failures = async ({ checks }: Service) => {
    const results = Object.entries(checks).map(async ([name, check]) => {
      try {
        await check();
        return [];
      } catch (error) {
        return [`${name}: ${(error as Error).message}`];
      }
    });
    return (await Promise.all(results)).flat();
  };

  test('is given once it listens and has registered, and not when it has stopped', async () => {
    const { service } = await apiService();
    expect(await failures(service)).toEqual(['api: it does not listen', 'heartbeat: there has been none']);
    await service.start();
    expect(await failures(service)).toEqual([]);
    await service.stop();
    expect(await failures(service)).toContain('api: it does not listen');
  });

  test('ends when the database is away, or heartbeats are missing', async () => {
    let downTime = 60;
    const { service } = await apiService({
      serviceDownTime: () => downTime,
      checks: {
        database: () => {
          throw new Error('no such host');
        },
      },
    });
    await service.start();
    expect(await failures(service)).toEqual(['database: no such host']);
    downTime = -1;
    expect(await failures(service)).toContainEqual(
      expect.stringMatching(/^heartbeat: the last was \d s ago/),
    );
  });
});

test('reports what it is answering', async () => {
  const { server, service, begun } = await apiService();
  await service.start();
  const never = outcomeOf(`${server.url}/never`);
  await expect.poll(() => begun).toEqual(['never']);
  expect(service.report()).toMatchObject({
    state: 'running',
    url: server.url,
    heartbeat: { failures: 0 },
    requests_running: [{ method: 'GET', url: '/never' }],
    calls_waiting: [],
  });
  await service.stop({ quick: true });
  await never;
});
