import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RecordingLogger } from '../test/recording-logger.ts';
import { ObservabilityListenError } from './errors.ts';
import { ObservabilityServer, type ObservabilityServerOptions } from './observability-server.ts';

const logger = new RecordingLogger();

function make(options: Partial<ObservabilityServerOptions> = {}): ObservabilityServer {
  const server = new ObservabilityServer({
    listen: '127.0.0.1',
    port: 0,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' }),
    checks: async () => ({ ready: true, checks: { broker: { ok: true } } }),
    logger,
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

async function start(options: Partial<ObservabilityServerOptions> = {}) {
  const server = make(options);
  await server.start();
  const url = `http://127.0.0.1:${server.port}`;
  return { server, get: (path: string, init?: RequestInit) => fetch(`${url}${path}`, init) };
}

/** The server's answer to these bytes, until it closes the connection. */
async function say({ port }: ObservabilityServer, bytes: string): Promise<string> {
  const socket = connect(port ?? 0, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

test('the process is alive as long as it answers', async () => {
  const { get } = await start();
  const response = await get('/healthz');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({ status: 'alive' });
});

test('is ready or not, with what each check says', async () => {
  let ready = true;
  const { get } = await start({
    checks: async () =>
      ready
        ? { ready, checks: { broker: { ok: true } } }
        : { ready, checks: { broker: { ok: false, reason: 'not connected' } } },
  });
  const good = await get('/readyz');
  expect([good.status, await good.json()]).toEqual([
    200,
    { status: 'ready', checks: { broker: { ok: true } } },
  ]);
  ready = false;
  const bad = await get('/readyz?verbose');
  expect([bad.status, await bad.json()]).toEqual([
    503,
    { status: 'not ready', checks: { broker: { ok: false, reason: 'not connected' } } },
  ]);
});

test('gives its metrics as Prometheus wants them', async () => {
  const { get } = await start();
  const response = await get('/metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toBe('up 1\n');
});

test('HEAD is answered like GET, without the text', async () => {
  const { get } = await start();
  const response = await get('/metrics', { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBe('5');
  expect(await response.text()).toBe('');
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is not allowed', async (method) => {
  const { get } = await start();
  const response = await get('/metrics', { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD');
});

test.each(['/', '/metrics/', '/etc/passwd', '/healthz/../metrics/x'])(
  'there is nothing at %s',
  async (path) => {
    const { get } = await start();
    expect((await get(path)).status).toBe(404);
  },
);

test.each([
  ['with a length', 'GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n'],
  ['in chunks', 'GET /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['announced', 'GET /healthz HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n'],
])('a body %s is refused, not read', async (_how, bytes) => {
  const { server } = await start();
  const [head = ''] = (await say(server, bytes)).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 413 /);
  expect(head).toMatch(/^connection: close$/im);
});

test('the body of a method that is not allowed is not read either', async () => {
  const { server } = await start();
  const answer = await say(server, 'POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
});

test('headers have a limit', async () => {
  const { server } = await start();
  const answer = await say(server, `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
});

test('a client that sends no complete request is disconnected', async () => {
  const { server } = await start();
  const answer = await say(server, 'GET /healthz HTTP/1.1\r\nHost: h\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test('a connection is for one request: pipelined ones are ignored', async () => {
  const metrics = vi.fn(async () => ({ contentType: 'text/plain', text: 'up 1\n' }));
  const { server } = await start({ metrics });
  const answer = await say(server, 'GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100));
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toMatch(/^connection: close$/im);
  expect(metrics).toHaveBeenCalledOnce();
});

test('a client that does not read its answer is disconnected', async () => {
  const text = 'x'.repeat(32 * 1024 * 1024);
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const { server } = await start({
    metrics: async () => {
      ask();
      return { contentType: 'text/plain', text };
    },
  });
  const socket = connect(server.port ?? 0, '127.0.0.1').pause();
  onTestFinished(() => void socket.destroy());
  socket.write('GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n');
  await asked;
  await setTimeout(7_000);
  let read = 0;
  const closed = once(
    socket.on('data', (chunk) => (read += chunk.length)).on('error', () => {}),
    'close',
  );
  socket.resume();
  await closed;
  expect(read).toBeLessThan(text.length);
});

test('a failure to get the figures is a server error, which is logged', async () => {
  const failing = new RecordingLogger();
  const { get } = await start({
    logger: failing,
    metrics: () => Promise.reject(new Error('no figures for rabbit://u:p@h')),
  });
  const response = await get('/metrics');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('rabbit');
  expect(failing.of('error')).toEqual(['The observability endpoint could not answer']);
  expect((await get('/healthz')).status).toBe(200);
});

test('the error for a port in use names it and its options', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  const error = await make({ port })
    .start()
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ObservabilityListenError);
  expect(error).toMatchObject({ code: 'OBSERVABILITY_LISTEN', address: '127.0.0.1', port });
  expect(String(error)).toBe(
    `ObservabilityListenError: Cannot serve the observability endpoint on 127.0.0.1 port ${port}: another process listens there already (the options [observability] listen and port)`,
  );
});

test('the error for an address of another machine names it', async () => {
  await expect(make({ listen: '192.0.2.1' }).start()).rejects.toThrow(
    /192\.0\.2\.1 .* does not have the address/,
  );
});

test('a stop closes connections in use at once, and frees the port', async () => {
  let asked = () => {};
  const hasAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { server, get } = await start({
    metrics: () => {
      asked();
      return new Promise(() => {});
    },
  });
  const { port } = server;
  const waiting = get('/metrics').catch((error: unknown) => error);
  await hasAsked;
  await server.stop();
  expect(await waiting).toBeInstanceOf(Error);
  expect(server.port).toBeNull();
  const next = make({ port: port ?? 0 });
  await next.start();
  expect(next.port).toBe(port);
});

test('a stop before, during and after the start leaves nothing that listens', async () => {
  const before = make();
  await before.stop();
  await before.start();
  expect(before.port).toBeNull();
  const during = make();
  const starting = during.start();
  await Promise.all([during.stop(), during.stop(), starting]);
  expect(during.port).toBeNull();
});
