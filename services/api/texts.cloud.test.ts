import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { filled, type Route, routesOf } from '@mini-nova/services-testing/routes';
import { expect, test } from 'vitest';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];
const ID = '11111111-2222-3333-4444-555555555555';

async function fixture() {
  const { app, received, listen, ...rest } = await apiFixture();
  const routes = (await routesOf(app)).filter(({ method }) => METHODS.includes(method));
  const ask = async (
    { method }: Route,
    url: string,
    more: { headers?: object; payload?: string | Buffer } = {},
  ) => {
    const headers = {
      ...(more.payload !== undefined && { 'content-type': 'application/json' }),
      ...more.headers,
    };
    const answer = await app.inject({ ...more, method: method as Method, url, headers });
    return `${method} ${url}: ${answer.statusCode} ${Object.keys(answer.json())}`;
  };
  return { app, routes, ask, received, listen, ...rest };
}

const BAD = ['%00', 'a%00b', '%ED%A0%80', '%ff', '%c3%28', '%zz', '%'];

/** All of them on reads without a project, one on the other routes. */
function tried({ method, path }: Route): string[] {
  return method === 'GET' && !path.includes('project_id') ? BAD : BAD.slice(0, 1);
}

test('there are routes to try', async () => {
  const { routes } = await fixture();
  const paths = routes.map(({ method, path }) => `${method} ${path}`);
  expect(paths).toContain('GET /v2.1/servers/:id/os-interface/:portId');
  expect(paths).toContain('PUT /v2.1/os-services/disable-log-reason');
  expect(paths).toContain('GET /v2.1/:project_id(^[0-9a-f-]+$)/flavors/:id/os-extra_specs');
});

test('a path that cannot be stored is 400 on every route', async () => {
  const { routes, ask } = await fixture();
  for (const route of routes.filter(({ path }) => filled(path, 'x') !== filled(path, 'y'))) {
    for (const bad of tried(route)) {
      const url = filled(route.path, bad);
      expect(await ask(route, url)).toBe(`${route.method} ${url}: 400 badRequest`);
    }
  }
});

test('a query that cannot be stored is 400 on every route, as name and as value', async () => {
  const { routes, ask } = await fixture();
  for (const route of routes) {
    for (const bad of tried(route)) {
      for (const query of [`limit=1&name=${bad}`, `${bad}=1`]) {
        const url = `${filled(route.path, ID)}?${query}`;
        expect(await ask(route, url)).toBe(`${route.method} ${url}: 400 badRequest`);
      }
    }
  }
});

test('a header that cannot be stored is 400 on every route', async () => {
  const { routes, ask } = await fixture();
  for (const route of routes) {
    const url = filled(route.path, ID);
    // A character for each byte: half a character of three bytes, and something in Latin 1.
    for (const headers of [
      { 'x-project-id': 'a\0b' },
      { 'x-user-id': '\xed\xa0\x80' },
      { 'x-project-id': '\xe9' },
    ]) {
      expect(await ask(route, url, { headers })).toBe(`${route.method} ${url}: 400 badRequest`);
    }
  }
});

test('a header is read as UTF-8', async () => {
  const { app, instance } = await apiFixture();
  const { uuid } = await instance({ project_id: 'h\u00f6h\u{1F600}' });
  const headers = { 'x-project-id': Buffer.from('h\u00f6h\u{1F600}').toString('latin1') };
  const { servers } = (await app.inject({ url: '/v2.1/servers', headers })).json();
  expect(servers).toMatchObject([{ id: uuid }]);
});

const bodies: [title: string, payload: string | Buffer][] = [
  ['half a character', '{"server": {"name": "\\ud800"}}'],
  ['the other half', '{"server": {"name": "x\\udc00y"}}'],
  ['NUL', '{"server": {"user_data": "a\\u0000b"}}'],
  ['NUL in a name', '{"server": {"metadata": {"a\\u0000": "b"}}}'],
  ['half a character in a name', '{"\\udbff": 1}'],
  ['NUL in a list', '{"os-getConsoleOutput": [[["\\u0000"]]]}'],
  ['a text alone', '"\\u0000"'],
  ['something in Latin 1', Buffer.from('{"server": {"name": "\xfc"}}', 'latin1')],
  ['half a character of three bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
];

test.each(bodies)('a body with %s is 400 on every route that takes one', async (_title, payload) => {
  const { routes, ask } = await fixture();
  for (const route of routes.filter(({ method }) => method !== 'GET')) {
    const url = filled(route.path, ID);
    expect(await ask(route, url, { payload })).toBe(`${route.method} ${url}: 400 badRequest`);
  }
});

test('a pair of surrogates is a text', async () => {
  const { send, get, instance } = await apiFixture();
  await instance({ display_name: '\u{1F600}' });
  const { body } = await get(`/v2.1/servers?name=${encodeURIComponent('^\u{1F600}$')}`);
  expect(body.servers).toHaveLength(1);
  const answer = await send('POST', '/v2.1/servers', { server: { name: '\u{1F600}' } });
  expect(answer.body.badRequest.message).toContain("'imageRef' is a required property");
});

test('says which field it is, and never what is in it', async () => {
  const { app, get } = await apiFixture();
  const payload = '{"server": {"name": "x", "adminPass": "secret\\u0000"}}';
  const headers = { 'content-type': 'application/json' };
  const { badRequest } = (
    await app.inject({ method: 'POST', url: '/v2.1/servers', payload, headers })
  ).json();
  expect(badRequest.message).toBe(
    'Invalid input for field/attribute adminPass. Texts are UTF-8 without NUL.',
  );
  expect((await get('/v2.1/servers?name=%00')).body.badRequest.message).toBe(
    'Invalid input for query parameters name. Texts are UTF-8 without NUL.',
  );
});

const secrets: [title: string, payload: string][] = [
  ['a field too many', '{"server": {"name": "x", "adminPass": "hunter2", "x": "hunter2"}}'],
  ['a missing field', '{"server": {"adminPass": "hunter2"}}'],
  ['a value of a wrong type', '{"server": {"adminPass": ["hunter2"]}}'],
  ['a name that is too long', `{"server": {"name": "${'hunter2'.repeat(100)}"}}`],
  ['no object', '["hunter2"]'],
  ['broken JSON', '{"server": {"adminPass": hunter2}}'],
  ['JSON that ends', '{"server": {"adminPass": "hunter2"'],
  ['a text behind', '{} hunter2'],
  ['metadata that is no text', '{"server": {"metadata": {"a": ["hunter2"]}}}'],
  ['a network', '{"server": {"networks": [{"uuid": "hunter2"}]}}'],
];

test.each(secrets)(
  'an error about %s does not repeat the body, nor does the log',
  async (_title, payload) => {
    const lines: string[] = [];
    const log = (...line: unknown[]) => void lines.push(JSON.stringify(line, (_key, value) => shown(value)));
    const logger = { debug: log, info: log, warn: log, error: log };
    const { app } = await apiFixture({ logger });
    const headers = { 'content-type': 'application/json' };
    for (const url of ['/v2.1/servers', `/v2.1/servers/${ID}/action`, `/v2.1/servers/${ID}/os-interface`]) {
      const answer = await app.inject({ method: 'POST', url, payload, headers });
      expect(answer.statusCode).toBe(400);
      expect(answer.payload).not.toContain('hunter2');
    }
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join('\n')).not.toContain('hunter2');
  },
);

/** Errors have what they say in properties that JSON leaves out. */
function shown(value: unknown): unknown {
  return value instanceof Error ? `${value.message} ${value.stack} ${value.cause}` : value;
}
