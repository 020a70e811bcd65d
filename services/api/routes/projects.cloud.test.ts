import { Target } from '@mini-nova/messaging';
import { apiFixture, BOOT } from '@mini-nova/services-testing/api-fixture';
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

const operations: [method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object][] = [
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/action', { 'os-start': null }],
  ['POST', '/action', { 'os-stop': null }],
  ['POST', '/action', { reboot: { type: 'HARD' } }],
  ['POST', '/action', { 'os-getConsoleOutput': {} }],
  ['GET', '/os-interface'],
  ['GET', '/os-interface/11111111-2222-3333-4444-555555555555'],
  ['POST', '/os-interface', {}],
  ['DELETE', '/os-interface/11111111-2222-3333-4444-555555555555'],
];

test.each(operations)("another project's server is 404: %s %s %j", async (method, path, payload) => {
  const { app, instance, compute, stores } = await apiFixture();
  await compute('host1');
  const theirs = await instance({ project_id: 'ac3e' });
  const ours = await instance({ project_id: 'demo' });
  const requests: [base: string, uuid: string, headers: Record<string, string>][] = [
    ['/v2.1', theirs.uuid, {}],
    ['/v2.1', ours.uuid, { 'x-project-id': 'ac3e' }],
    ['/v2.1/ac3e', ours.uuid, {}],
  ];
  for (const [base, uuid, headers] of requests) {
    const answer = await app.inject({ method, url: `${base}/servers/${uuid}${path}`, headers, payload });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().itemNotFound.message).toBe(`Instance ${uuid} could not be found.`);
    expect(await stores.instances.getByUuid(uuid)).toMatchObject({ task_state: null });
  }
});
