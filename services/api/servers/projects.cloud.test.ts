import { Target } from '@mini-nova/messaging';
import { type ApiFixture, apiFixture, BOOT } from '@mini-nova/services-testing/api-fixture';
import { expect, test } from 'vitest';

const CONDUCTOR = new Target({ topic: 'conductor', namespace: 'compute_task', version: '1.24' });
const PROJECT = '6f70656e-737461636b';

test.each([
  ['/v2.1/demo/servers', 404],
  ['/v2.1/AC3E/servers', 404],
  ['/v2.1/servers/servers', 404],
  ['/v2.1/flavors/flavors', 404],
  ['/v2.1/ac3e', 404],
  [`/v2.1/${PROJECT}/servers`, 200],
  ['/v2.1/0/flavors/detail', 200],
  ['/v2.1/-/flavors/1', 200],
])('%s is %i: a project is what Nova takes for one', async (url, status) => {
  const { get } = await apiFixture();
  expect((await get(url)).status).toBe(status);
});

test('a server is made in the project that the request names, in its path or header', async () => {
  const { app, listen, stores } = await apiFixture();
  await listen(CONDUCTOR, { schedule_and_build_instances: () => null });
  const projectOf = async (url: string, headers: Record<string, string>) => {
    const answer = await app.inject({ method: 'POST', url, headers, payload: { server: BOOT } });
    return (await stores.instances.getByUuid(answer.json().server.id)).project_id;
  };
  expect(await projectOf('/v2.1/servers', {})).toBe('demo');
  expect(await projectOf('/v2.1/servers', { 'x-project-id': 'any name' })).toBe('any name');
  expect(await projectOf(`/v2.1/${PROJECT}/servers`, {})).toBe(PROJECT);
  expect(await projectOf(`/v2.1/${PROJECT}/servers`, { 'x-project-id': PROJECT })).toBe(PROJECT);
});

test('two projects in one request are refused', async () => {
  const { app } = await apiFixture();
  const answer = await app.inject({ url: '/v2.1/ac3e/servers', headers: { 'x-project-id': 'ffff' } });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().badRequest.message).toBe(
    "Malformed request URL: URL's project_id 'ac3e' doesn't match Context's project_id 'ffff'",
  );
});

test("another project's server is no marker, unless the list has its servers", async () => {
  const { get, instance } = await apiFixture();
  await instance({ project_id: 'demo' });
  const theirs = await instance({ project_id: 'ac3e' });
  const url = `/v2.1/servers?marker=${theirs.uuid}`;
  const refused = await get(url);
  expect([refused.status, refused.body.badRequest?.message]).toEqual([
    400,
    `marker [${theirs.uuid}] not found`,
  ]);
  expect((await get(`${url}&all_tenants=1`)).body.servers).toHaveLength(1);
  expect((await get(`${url}&tenant_id=ac3e`)).body.servers).toHaveLength(0);
});

const PORT = '11111111-2222-3333-4444-555555555555';

interface ServerRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** After the server's id. */
  path: string;
  /** For each thing that can be asked for. */
  payload?: object;
}

/**
 * Every request for a server that there is a route for, with the smallest valid body, from the document that is made
 * from the routes.
 */
async function serverRequests(get: ApiFixture['get']): Promise<ServerRequest[]> {
  const { body } = await get('/v2.1/openapi.json');
  return Object.entries<Record<string, OperationObject>>(body.paths).flatMap(([url, operations]) => {
    const [, path] = /^\/v2\.1\/servers\/\{id\}(.*)$/.exec(url) ?? [];
    if (path === undefined) return [];
    return Object.entries(operations).flatMap(([name, operation]) => {
      const method = name.toUpperCase() as ServerRequest['method'];
      const request = { method, path: path.replace(/\{[^}]+\}/g, PORT) };
      const bodies = bodiesOf(operation);
      return bodies.length === 0 ? [request] : bodies.map((payload) => ({ ...request, payload }));
    });
  });
}

interface OperationObject {
  requestBody?: { content: { 'application/json': { schema: { oneOf?: object[] } } } };
}

function bodiesOf({ requestBody }: OperationObject): object[] {
  if (!requestBody) return [];
  const { schema } = requestBody.content['application/json'];
  return (schema.oneOf ?? [schema]).map((one) => least(one as BodySchema) as object);
}

interface BodySchema {
  type?: string | string[];
  required?: string[];
  properties?: Record<string, BodySchema>;
  enum?: unknown[];
}

/** The smallest value that the schema takes. */
function least({ type, required = [], properties = {}, enum: words }: BodySchema): unknown {
  if (words) return words[0];
  if ([type].flat().includes('object'))
    return Object.fromEntries(required.map((name) => [name, least(properties[name] ?? {})]));
  return [type].flat().includes('integer') ? 1 : 'x';
}

test("another project's server is 404 for every request that names one", async () => {
  const { app, get, instance, compute, stores, received } = await apiFixture();
  await compute('host1');
  const theirs = await instance({ project_id: 'ac3e' });
  const ours = await instance({ project_id: 'demo' });
  const callers: [base: string, uuid: string, headers: Record<string, string>][] = [
    ['/v2.1', theirs.uuid, {}],
    ['/v2.1', ours.uuid, { 'x-project-id': 'ac3e' }],
    ['/v2.1/ac3e', ours.uuid, {}],
  ];
  const requests = await serverRequests(get);
  const shown = requests.map(({ method, path, payload }) => `${method} ${path} ${JSON.stringify(payload)}`);
  // Some that must be among those read from the document.
  expect(shown).toEqual(
    expect.arrayContaining([
      'GET  undefined',
      'DELETE  undefined',
      'POST /action {"os-start":{}}',
      'POST /action {"reboot":{"type":"HARD"}}',
      'POST /os-interface {}',
      `DELETE /os-interface/${PORT} undefined`,
    ]),
  );
  for (const { method, path, payload } of requests) {
    for (const [base, uuid, headers] of callers) {
      const url = `${base}/servers/${uuid}${path}`;
      const answer = await app.inject({ method, url, headers, ...(payload && { payload }) });
      const { itemNotFound } = answer.json();
      expect(`${method} ${path} ${JSON.stringify(payload)}: ${itemNotFound?.message}`).toBe(
        `${method} ${path} ${JSON.stringify(payload)}: Instance ${uuid} could not be found.`,
      );
    }
  }
  for (const { uuid } of [ours, theirs])
    expect(await stores.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: null });
  expect(received).toEqual([]);
});

test("the same requests for the project's own server are not 404, so the requests above are real", async () => {
  const { app, get, instance } = await apiFixture();
  for (const { method, path, payload } of await serverRequests(get)) {
    const { uuid } = await instance({ project_id: 'demo' });
    const url = `/v2.1/servers/${uuid}${path}`;
    const answer = await app.inject({ method, url, ...(payload && { payload }) });
    const said = `${method} ${path} ${answer.statusCode} ${answer.payload}`;
    expect(said).not.toMatch(/ 400 |Instance \S+ could not be found/);
  }
});
