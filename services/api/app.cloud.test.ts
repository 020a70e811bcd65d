import { join } from 'node:path';
import { FlavorStore } from '@mini-nova/data/flavors/store';
import { DatabaseUnavailable } from '@mini-nova/database';
import { silentLogger } from '@mini-nova/messaging';
import { apiFixture, BOOT } from '@mini-nova/services-testing/api-fixture';
import { tempDir } from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SQLite } from '../../packages/database/drivers/sqlite.ts';

test('says which version it speaks', async () => {
  const { get } = await apiFixture();
  const { body: list } = await get('/');
  expect(list.versions).toMatchObject([
    { id: 'v2.1', status: 'CURRENT', version: '2.1', min_version: '2.1' },
  ]);
  for (const url of ['/v2.1', '/v2.1/']) {
    const { status, body } = await get(url);
    expect(status).toBe(200);
    expect(body.version).toMatchObject({ id: 'v2.1', version: '2.1' });
    expect(body.version.links[0].href).toMatch(/^http:\/\/[^/]+\/v2\.1\/$/);
  }
});

test('names version and request in the headers of every answer', async () => {
  const { app, get } = await apiFixture();
  const { headers } = await get('/v2.1/nowhere');
  expect(headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
  expect(headers['x-compute-request-id']).toBe(headers['x-openstack-request-id']);
  const answer = await app.inject({
    url: '/v2.1/flavors',
    headers: { 'x-openstack-nova-api-version': '2.1' },
  });
  expect(answer.headers).toMatchObject({
    'x-openstack-nova-api-version': '2.1',
    'openstack-api-version': 'compute 2.1',
  });
  expect(answer.headers.vary).toContain('X-OpenStack-Nova-API-Version');
});

test('answers an unknown path with 404 and a wrong method with 405, in OpenStack form', async () => {
  const { app, get, send } = await apiFixture();
  expect(await get('/v2.1/nowhere')).toMatchObject({
    status: 404,
    body: { itemNotFound: { code: 404, message: expect.stringContaining('/v2.1/nowhere') } },
  });
  const refused = await send('DELETE', '/v2.1/flavors');
  expect(refused).toMatchObject({ status: 405, body: { badMethod: { code: 405 } } });
  expect(refused.headers.allow).toContain('GET');
  expect(await send('PUT', '/v2.1/servers/x/action')).toMatchObject({ status: 405 });
  const newer = { 'openstack-api-version': 'compute 2.99' };
  expect(await send('POST', '/')).toMatchObject({ status: 405 });
  expect(await app.inject({ method: 'POST', url: '/', headers: newer })).toMatchObject({ statusCode: 405 });
});

test('answers a body that is not JSON with 400, and one of another type with 415', async () => {
  const { app } = await apiFixture();
  const post = (payload: string, type: string) =>
    app.inject({ method: 'POST', url: '/v2.1/servers', payload, headers: { 'content-type': type } });
  const broken = await post('{"server":', 'application/json');
  expect(broken.statusCode).toBe(400);
  expect(broken.json().badRequest.message).toMatch(/^The request body is not valid JSON: it cannot be read/);
  const poisoned = await post('{"server": {"__proto__": {"name": "x"}}}', 'application/json');
  expect(poisoned.json().badRequest.message).toMatch(/^The request body is not valid JSON: .*__proto__/);
  const xml = await post('<server/>', 'application/xml');
  expect(xml.statusCode).toBe(415);
  expect(xml.json().badMediaType).toMatchObject({
    code: 415,
    message: expect.stringContaining('application/json'),
  });
  expect((await post('{"server":{}}', 'text/plain')).statusCode).toBe(415);
  const empty = await post('', 'application/json');
  expect(empty.json().badRequest.message).toBe("The request body is not of type 'object'");
});

test('answers a body that is nested too deeply to be repeated with 400', async () => {
  const { app } = await apiFixture();
  const payload = `{"server": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  const headers = { 'content-type': 'application/json' };
  const answer = await app.inject({ method: 'POST', url: '/v2.1/servers', payload, headers });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().badRequest.message).toMatch(/^Invalid input for field\/attribute server\./);
});

test.each(['/v2.1/servers/%zz', '/v2.1/servers/%FF', `/v2.1/servers/${'x'.repeat(300)}`])(
  'answers a path that cannot be read in OpenStack form: %s',
  async (url) => {
    const { get } = await apiFixture();
    const { status, body } = await get(url);
    expect([400, 404, 414]).toContain(status);
    expect(Object.values(body)).toEqual([{ code: status, message: expect.any(String) }]);
  },
);

test('takes a path with a slash at its end for the one without', async () => {
  const { get } = await apiFixture();
  expect(await get('/v2.1/flavors/')).toMatchObject({ status: 200, body: { flavors: expect.any(Array) } });
  expect(await get('/v2.1/servers/')).toMatchObject({ status: 200, body: { servers: [] } });
});

test('answers a body that is too large with 413', async () => {
  const { send } = await apiFixture({ limits: { maxBodySize: 1000 } });
  const { status, body } = await send('POST', '/v2.1/servers', { server: { name: 'x'.repeat(1000) } });
  expect({ status, body }).toEqual({
    status: 413,
    body: { overLimit: { code: 413, message: 'Request is too large.' } },
  });
});

test('tells nothing of an unexpected error but where to look', async () => {
  const { get, db } = await apiFixture({ logger: silentLogger });
  await db.kysely.schema.dropTable('flavors').execute();
  const { status, body, headers } = await get('/v2.1/flavors');
  expect(status).toBe(500);
  expect(body.computeFault.message).toContain(headers['x-openstack-request-id']);
  expect(JSON.stringify(body)).not.toContain('no such table');
});

test('serves the same under the path of a project, and links there', async () => {
  const { get } = await apiFixture();
  const { status, body } = await get('/v2.1/ac3e/flavors');
  expect(status).toBe(200);
  expect(body.flavors[0].links.map(({ href }: { href: string }) => new URL(href).pathname)).toEqual([
    '/v2.1/ac3e/flavors/1',
    '/ac3e/flavors/1',
  ]);
});

test('answers with 503 and a time to come back while the database is away', async () => {
  const { get } = await apiFixture();
  const away = new DatabaseUnavailable('connect ECONNREFUSED 192.0.2.1:5432', { retryAfter: 3 });
  const list = vi.spyOn(FlavorStore.prototype, 'list').mockRejectedValue(away);
  onTestFinished(() => list.mockRestore());
  const { status, body, headers } = await get('/v2.1/flavors');
  expect({ status, body, retryAfter: headers['retry-after'] }).toEqual({
    status: 503,
    body: {
      serviceUnavailable: { code: 503, message: 'The database is away at present. Try again later.' },
    },
    retryAfter: '3',
  });
});

test('answers with 503 while another holds the lock of the SQLite file, and keeps nothing of the request', async () => {
  const file = join(tempDir(), 'nova.sqlite');
  const { send, get } = await apiFixture({ database: `sqlite:///${file}` });
  const other = new SQLite(file);
  other.exec('begin immediate');
  const { status, headers } = await send('POST', '/v2.1/servers', { server: BOOT });
  expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '2' });
  expect((await get('/v2.1/servers')).body.servers).toEqual([]);
  other.exec('commit');
  other.close();
});

test('answers many simultaneous boots while the database is away as soon as a single one', async () => {
  const file = join(tempDir(), 'nova.sqlite');
  const { send, get, db } = await apiFixture({ database: `sqlite:///${file}` });
  const asked = vi.spyOn(db, 'transaction');
  const other = new SQLite(file);
  other.exec('begin immediate');
  const boots = Array.from({ length: 200 }, () => send('POST', '/v2.1/servers', { server: BOOT }));
  const statuses = (await Promise.all(boots)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([503]));
  // A few wait for the lock, one after the other; those that were in line meanwhile do not. If each did, it would take
  // a minute.
  expect(asked.mock.calls.length).toBeLessThan(boots.length / 2);
  expect((await get('/v2.1/servers')).body.servers).toEqual([]);
  other.exec('commit');
  other.close();
  expect(await send('POST', '/v2.1/servers', { server: BOOT })).toMatchObject({ status: 202 });
});
