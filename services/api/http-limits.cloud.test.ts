import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { apiFixture, BOOT } from '@mini-nova/services-testing/api-fixture';
import { expect, onTestFinished, test } from 'vitest';
import type { HttpLimits } from './http-limits.ts';

/** The API on a port of its own. */
async function listening(limits: Partial<HttpLimits>) {
  const { app } = await apiFixture({ limits });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, port, url: `http://127.0.0.1:${port}` };
}

/** A client that writes what it wants. */
function rawClient(port: number) {
  const socket: Socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (data) => {
    received += data.toString();
  });
  // A server that cuts a connection may reset it.
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    received: () => received,
    closed: new Promise<void>((resolve) => socket.once('close', () => resolve())),
  };
}

async function assertServes(url: string): Promise<void> {
  const response = await fetch(`${url}/v2.1/flavors`);
  expect(response.status).toBe(200);
  await response.text();
}

function faultIn(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
}

test.each([
  ['whose length is told', false],
  ['that comes in chunks', true],
])(
  'a body that is too large %s is answered with 413, and a good request beside it is served',
  async (_what, chunked) => {
    const { port, url } = await listening({ maxBodySize: 10_000 });
    const body = JSON.stringify({ server: { ...BOOT, name: 'x'.repeat(100_000) } });
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const request = httpRequest({
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/v2.1/servers',
        headers: {
          'content-type': 'application/json',
          ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.length }),
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.on('data', (data) => {
          text += data;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      request.end(body);
    });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.text)).toEqual({ overLimit: { code: 413, message: 'Request is too large.' } });
    await assertServes(url);
  },
);

test.each([
  ['is invited when it is small enough', 2, /^HTTP\/1\.1 100 Continue\r\n\r\n$/],
  ['is refused unsent when it is too large', 100_000, /^HTTP\/1\.1 413 /],
])('a body that waits to be asked for %s', async (_what, length, answer) => {
  const { port } = await listening({ maxBodySize: 10_000 });
  const { socket, received } = rawClient(port);
  socket.write(
    'POST /v2.1/servers HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' +
      `expect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`,
  );

  await expect.poll(received).toMatch(answer);
  if (length > 2) return;
  socket.write('{}');
  await expect.poll(received).toContain('HTTP/1.1 400 Bad Request');
});

test('a client that sends its headers too slowly is cut, and a good request beside it is served', async () => {
  const { app, port, url } = await listening({ headerTimeout: 0.5 });
  const { headersTimeout } = app.server;
  // A connection's time runs from its beginning. The good client connects before there is a limit, so that a busy
  // machine does not make it a slow one, and uses its connection again.
  app.server.headersTimeout = 0;
  await assertServes(url);
  app.server.headersTimeout = headersTimeout;
  const { socket, received, closed } = rawClient(port);
  socket.write('GET /v2.1/flavors HTTP/1.1\r\n');
  const drip = setInterval(() => socket.write('x-a: b\r\n'), 50);
  onTestFinished(() => clearInterval(drip));

  await assertServes(url);
  await closed;

  expect(received()).toMatch(/^HTTP\/1\.1 408 /);
  await assertServes(url);
});

test('a client that connects and says nothing is cut', async () => {
  const { port } = await listening({ headerTimeout: 0.3 });
  await rawClient(port).closed;
});

test('an endless header is refused with 431, and a good request beside it is served', async () => {
  const { port, url } = await listening({ maxHeaderSize: 2000 });
  const { socket, received, closed } = rawClient(port);
  socket.write('GET /v2.1/flavors HTTP/1.1\r\nhost: x\r\nx-a: ');
  const flood = setInterval(() => socket.write('b'.repeat(500)), 5);
  onTestFinished(() => clearInterval(flood));

  await closed;

  expect(received()).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
  expect(faultIn(received())).toMatchObject({ computeFault: { code: 431 } });
  await assertServes(url);
});

test('what is not HTTP is answered with 400', async () => {
  const { port } = await listening({});
  const { socket, received, closed } = rawClient(port);
  socket.write('\x16\x03\x01\x02\x00\x01\r\n\r\n');
  await closed;
  expect(received()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(faultIn(received())).toMatchObject({ badRequest: { code: 400 } });
});

test('a client that stops in the middle of its body is cut', async () => {
  const { port } = await listening({ socketTimeout: 0.3 });
  const { socket, closed } = rawClient(port);
  const head =
    'POST /v2.1/servers HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100';
  socket.write(`${head}\r\n\r\n{"server":`);
  await closed;
});

test('a client that sends its body too slowly is cut', async () => {
  const { port } = await listening({ headerTimeout: 0.2, socketTimeout: 0.4 });
  const { socket, closed } = rawClient(port);
  const head =
    'POST /v2.1/servers HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9999';
  socket.write(`${head}\r\n\r\n`);
  const drip = setInterval(() => socket.write(' '), 50);
  onTestFinished(() => clearInterval(drip));
  await closed;
});

test('a client that asks for nothing more is cut', async () => {
  const { app, port } = await listening({ socketTimeout: 0.3 });
  // Until it has its answer it is not idle, however busy the machine is.
  app.server.on('connection', (accepted: Socket) => accepted.setTimeout(0));
  const { socket, received, closed } = rawClient(port);
  socket.write('GET /v2.1/flavors HTTP/1.1\r\nhost: x\r\n\r\n');
  await closed;
  expect(received()).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('a client that waits for a slow answer is not cut', async () => {
  const { app } = await apiFixture();
  let finish: (() => void) | undefined;
  app.get('/slow', async ({ raw }) => {
    // Only now: a client that is slow to ask would rightly be cut.
    raw.socket.setTimeout(100);
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { done: true };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  let silences = 0;
  app.server.on('timeout', () => {
    silences += 1;
  });
  const { port } = app.server.address() as AddressInfo;
  const slow = fetch(`http://127.0.0.1:${port}/slow`);
  await expect.poll(() => [finish !== undefined, silences > 0], { interval: 10 }).toEqual([true, true]);
  finish?.();
  expect(await (await slow).json()).toEqual({ done: true });
});

test('without time limits nobody is cut', async () => {
  const { app } = await apiFixture({ limits: { headerTimeout: 0, socketTimeout: 0 } });
  const { headersTimeout, requestTimeout, timeout, keepAliveTimeout } = app.server;
  expect({ headersTimeout, requestTimeout, timeout, keepAliveTimeout }).toEqual({
    headersTimeout: 0,
    requestTimeout: 0,
    timeout: 0,
    keepAliveTimeout: 0,
  });
});
