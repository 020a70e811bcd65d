import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { getTransport } from '../transport.ts';
import { NOTIFICATIONS, resetNotifications } from './built-in-drivers.ts';
import { Notifier } from './notifier.ts';
import { type RequestNotifierOptions, requestNotifier } from './request-notifier.ts';

const transport = getTransport({ url: 'memory://request-notifier/' });
const notifier = new Notifier(transport, { publisherId: 'api', drivers: ['test'] });
const servers: Server[] = [];

beforeEach(() => resetNotifications());
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server whose requests go through the middleware. */
function watched(listener: RequestListener, options: Partial<RequestNotifierOptions> = {}): Promise<string> {
  const notify = requestNotifier({ notifier, ...options });
  return serve((request, response) => notify(request, response, () => listener(request, response)));
}

const events = () => NOTIFICATIONS.map(({ message }) => message.event_type);
const payload = (index: number) => NOTIFICATIONS[index]?.message.payload;

test('a request and its response are notified as by oslo.messaging', async () => {
  const url = await watched((_request, response) => {
    response.setHeader('X-Openstack-Request-Id', 'req-1');
    response.statusCode = 202;
    response.end('done');
  });
  await fetch(`${url}/v2.1/servers?limit=5`, {
    method: 'POST',
    body: '{}',
    headers: { 'Content-Type': 'application/json' },
  });
  await vi.waitFor(() => expect(events()).toEqual(['http.request', 'http.response']));
  expect(NOTIFICATIONS[0]).toMatchObject({ ctxt: {}, priority: 'info', message: { publisher_id: 'api' } });
  const host = new URL(url).host;
  const request = {
    REQUEST_METHOD: 'POST',
    SCRIPT_NAME: '',
    PATH_INFO: '/v2.1/servers',
    QUERY_STRING: 'limit=5',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_NAME: '127.0.0.1',
    SERVER_PORT: new URL(url).port,
    REMOTE_ADDR: '127.0.0.1',
    CONTENT_TYPE: 'application/json',
    CONTENT_LENGTH: '2',
    HTTP_HOST: host,
    HTTP_X_SERVICE_NAME: host,
  };
  expect(payload(0)).toEqual({ request: expect.objectContaining(request) });
  expect(payload(1)).toEqual({
    request: expect.objectContaining(request),
    response: {
      status: '202 Accepted',
      headers: expect.objectContaining({ 'x-openstack-request-id': 'req-1' }),
    },
  });
});

test('secrets are in none of it', async () => {
  const url = await watched((_request, response) => {
    response.setHeader('X-Subject-Token', 'hidden');
    response.setHeader('Set-Cookie', ['a=hidden', 'b=hidden']);
    response.end();
  });
  const headers = {
    'X-Auth-Token': 'hidden',
    Authorization: 'Bearer hidden',
    Cookie: 'session=hidden',
    'X-Plain': 'seen',
  };
  await fetch(`${url}/?token=hidden&name=seen`, { headers });
  await vi.waitFor(() => expect(events()).toHaveLength(2));
  expect(JSON.stringify(NOTIFICATIONS)).not.toContain('hidden');
  expect(payload(0)).toMatchObject({
    request: { HTTP_X_PLAIN: 'seen', QUERY_STRING: 'token=***&name=seen' },
  });
});

test('an error thrown while a request is answered is notified and rethrown', async () => {
  const notify = requestNotifier({ notifier, serviceName: 'compute' });
  const url = await serve((request, response) => {
    try {
      notify(request, response, () => {
        throw new RangeError('too much');
      });
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  expect(await (await fetch(url)).text()).toBe('RangeError: too much');
  expect(events()).toEqual(['http.request', 'http.response']);
  expect(payload(1)).toEqual({
    request: expect.objectContaining({ HTTP_X_SERVICE_NAME: 'compute' }),
    exception: {
      value: 'RangeError: too much',
      traceback: expect.arrayContaining([expect.stringContaining('request-notifier.test')]),
    },
  });
});

test('a promise that rejects is notified, and still rejects', async () => {
  const notify = requestNotifier({ notifier });
  const url = await serve(async (request, response) => {
    const answer = notify(request, response, () => Promise.reject(new Error('later')));
    await expect(answer).rejects.toThrow('later');
    response.end();
  });
  await fetch(url);
  expect(events()).toEqual(['http.request', 'http.response']);
  expect(payload(1)).toMatchObject({ exception: { value: 'Error: later' } });
});

test('an error that a framework passes on is notified with its response', async () => {
  const notify = requestNotifier({ notifier });
  // What connect and express do: each middleware is given `next`, and errors go to those with four parameters.
  const url = await serve((request, response) => {
    notify(request, response, () => {
      notify.errors(new Error('handed on'), request, response, (error) => {
        response.statusCode = 503;
        response.end(String(error));
      });
    });
  });
  expect(await (await fetch(url)).text()).toBe('Error: handed on');
  await vi.waitFor(() => expect(events()).toHaveLength(2));
  expect(payload(1)).toMatchObject({
    response: { status: '503 Service Unavailable' },
    exception: { value: 'Error: handed on' },
  });
});

test('a request that its client gives up has no response', async () => {
  let arrived: (() => void) | undefined;
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const url = await watched(() => arrived?.());
  const request = httpRequest(url);
  request.on('error', () => {});
  request.end();
  await arrival;
  request.destroy();
  await vi.waitFor(() => expect(events()).toEqual(['http.request', 'http.response']));
  expect(payload(1)).toEqual({ request: expect.anything() });
});

test.each<[string, Partial<RequestNotifierOptions>, string[]]>([
  ['everything by default', {}, ['GET /a', 'POST /a', 'GET /b']],
  ['included methods', { include: { methods: ['post'] } }, ['POST /a']],
  ['included paths', { include: { paths: [/^\/b$/] } }, ['GET /b']],
  ['excluded methods', { exclude: { methods: ['GET'] } }, ['POST /a']],
  [
    'excluded paths and methods together',
    { exclude: { methods: ['GET'], paths: [/a/g] } },
    ['POST /a', 'GET /b'],
  ],
  ['included, but excluded', { include: { paths: [/a/] }, exclude: { methods: ['POST'] } }, ['GET /a']],
])('%s', async (_what, options, expected) => {
  const url = await watched(
    (_request: IncomingMessage, response: ServerResponse) => void response.end(),
    options,
  );
  for (const [method, path] of [
    ['GET', '/a?b=1'],
    ['POST', '/a'],
    ['GET', '/b'],
  ]) {
    await fetch(`${url}${path}`, { method: method ?? 'GET' });
  }
  await vi.waitFor(() => expect(events()).toHaveLength(2 * expected.length));
  const requests = NOTIFICATIONS.filter(({ message }) => message.event_type === 'http.request').map(
    ({ message }) => {
      const { request } = message.payload as { request: Record<string, string> };
      return `${request.REQUEST_METHOD} ${request.PATH_INFO}`;
    },
  );
  expect(requests).toEqual(expected);
});

test('requests go on when notifications cannot be sent', async () => {
  const silent = getTransport({
    url: 'memory://closed/',
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const url = await watched((_request, response) => void response.end('fine'), {
    notifier: new Notifier(silent),
  });
  await silent.close();
  expect(await (await fetch(url)).text()).toBe('fine');
});

test.each<object>([
  {},
  { notifier: null },
  { notifier, include: { methods: 'GET' } },
  { notifier, exclude: { paths: '/' } },
])('%o is refused at once, not by each request', (options) => {
  expect(() => requestNotifier(options as RequestNotifierOptions)).toThrow(TypeError);
});

test('an error that cannot be shown as text is notified and passed on unchanged', async () => {
  const thrown: unknown = Object.create(null);
  const passedOn: unknown[] = [];
  const notify = requestNotifier({ notifier });
  const url = await serve((request, response) => {
    try {
      notify(request, response, () => {
        throw thrown;
      });
    } catch (error) {
      passedOn.push(error);
      response.writeHead(500).end();
    }
  });
  await fetch(url);
  expect(passedOn).toEqual([thrown]);
  expect(events()).toEqual(['http.request', 'http.response']);
  expect(payload(1)).toMatchObject({ exception: { value: expect.any(String) } });
});
