import { randomUUID } from 'node:crypto';
import { allocatePort } from '@mini-nova/data/ports/queries';
import { Target } from '@mini-nova/messaging';
import { InstanceFault } from '@mini-nova/objects';
import { apiFixture, BOOT } from '@mini-nova/services-testing/api-fixture';
import { newFlavor } from '@mini-nova/services-testing/new-objects';
import { describe, expect, test } from 'vitest';

const COMPUTE = new Target({ topic: 'compute', server: 'host1', version: '6.1' });
const CONDUCTOR = new Target({ topic: 'conductor', namespace: 'compute_task', version: '1.24' });

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON that tests look into
  body: any;
}

/** Two projects with a server each, which has a port and a fault, in a cloud whose daemons answer. */
async function twoProjects(isAdmin: boolean) {
  const fixture = await apiFixture({ isAdmin });
  const { app, compute, db, instance, listen, networkId: networkUuid, stores } = fixture;
  await compute('host1');
  await listen(COMPUTE, { attach_interface: () => null, detach_interface: () => null });
  await listen(CONDUCTOR, { schedule_and_build_instances: () => null });
  const project = async (project_id: string) => {
    const { uuid } = await instance({ project_id, display_name: project_id, vm_state: 'error' });
    await stores.instances.addFault(
      new InstanceFault({ instance_uuid: uuid, code: 500, message: `of ${project_id}` }),
    );
    const port = await allocatePort(db, { networkUuid, deviceUuid: uuid, host: 'host1' });
    return { uuid, port: port.uuid };
  };
  const ask = async (
    project_id: string,
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    payload?: object,
  ): Promise<Answer> => {
    const headers = { 'x-project-id': project_id };
    const response = await app.inject({ method, url: `/v2.1${url}`, headers, ...(payload && { payload }) });
    return {
      status: response.statusCode,
      body: response.payload === '' ? undefined : response.json(),
    };
  };
  return { ...fixture, ours: await project('ours'), theirs: await project('theirs'), ask };
}

function idsOf({ servers }: { servers?: { id: string }[] }): string[] | undefined {
  return servers?.map(({ id }) => id);
}

describe.each([
  ['an administrator', true],
  ['somebody else', false],
])('a request of %s', (_who, isAdmin) => {
  test("lists its project's servers, and others only for an administrator who asks for them", async () => {
    const { ours, theirs, ask } = await twoProjects(isAdmin);
    for (const list of ['/servers', '/servers/detail']) {
      for (const query of ['', '?status=ERROR', '?name=theirs|ours', '?all_tenants=0']) {
        const { body } = await ask('ours', 'GET', `${list}${query}`);
        expect([list, query, idsOf(body)]).toEqual([list, query, [ours.uuid]]);
      }
      for (const query of ['?all_tenants=1&name=theirs', '?project_id=theirs', '?tenant_id=theirs']) {
        const { status, body } = await ask('ours', 'GET', `${list}${query}`);
        const expected = isAdmin ? [200, [theirs.uuid]] : [403, undefined];
        expect([list, query, status, idsOf(body)]).toEqual([list, query, ...expected]);
      }
    }
    const { body } = await ask('ours', 'GET', '/servers/detail');
    expect(body.servers).toMatchObject([{ tenant_id: 'ours', fault: { message: 'of ours' } }]);
  });

  test('finds no server of another project, nor its ports, and changes none', async () => {
    const { ours, theirs, ask, stores, received } = await twoProjects(isAdmin);
    const requests: ['GET' | 'POST' | 'DELETE', string, object?][] = [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/action', { 'os-stop': null }],
      ['POST', '/action', { 'os-getConsoleOutput': {} }],
      ['GET', '/os-interface'],
      ['POST', '/os-interface', { interfaceAttachment: {} }],
      ['GET', `/os-interface/${theirs.port}`],
      ['GET', `/os-interface/${ours.port}`],
      ['DELETE', `/os-interface/${theirs.port}`],
    ];
    for (const [method, path, payload] of requests) {
      const { status, body } = await ask('ours', method, `/servers/${theirs.uuid}${path}`, payload);
      const message = `Instance ${theirs.uuid} could not be found.`;
      expect([method, path, status, body.itemNotFound?.message]).toEqual([method, path, 404, message]);
    }
    expect(received).toEqual([]);
    const untouched = { vm_state: 'error', task_state: null, deleted: false };
    expect(await stores.instances.getByUuid(theirs.uuid)).toMatchObject(untouched);
  });

  test("does not learn of another project's port by a server of its own", async () => {
    const { theirs, ask, instance, received } = await twoProjects(isAdmin);
    const { uuid } = await instance({ project_id: 'ours' });
    const unknown = randomUUID();
    for (const port of [theirs.port, unknown]) {
      const notFound = { itemNotFound: { code: 404, message: `Port id ${port} could not be found.` } };
      const url = `/servers/${uuid}/os-interface`;
      for (const answer of [
        await ask('ours', 'GET', `${url}/${port}`),
        await ask('ours', 'DELETE', `${url}/${port}`),
        await ask('ours', 'POST', url, { interfaceAttachment: { port_id: port } }),
      ])
        expect(answer).toEqual({ status: 404, body: notFound });
      expect(await ask('ours', 'POST', '/servers', { server: { ...BOOT, networks: [{ port }] } })).toEqual({
        status: 400,
        body: { badRequest: { code: 400, message: `Port id ${port} could not be found.` } },
      });
    }
    expect(received).toEqual([]);
  });

  test('makes servers in its project', async () => {
    const { ask, stores } = await twoProjects(isAdmin);
    const { status, body } = await ask('ours', 'POST', '/servers', { server: BOOT });
    expect(status).toBe(202);
    expect((await stores.instances.getByUuid(body.server.id)).project_id).toBe('ours');
  });
});

/** What is refused to who is no administrator. */
const refused = [
  'DELETE /os-services/{id}',
  'GET /os-hypervisors',
  'GET /os-hypervisors/detail',
  'GET /os-hypervisors/{id}',
  'GET /os-services',
  'PUT /os-services/disable',
  'PUT /os-services/disable-log-reason',
  'PUT /os-services/enable',
  'PUT /os-services/force-down',
];

test('of all routes, those of the cloud itself are refused to a request of no administrator', async () => {
  const { app, get, compute, stores } = await apiFixture({ isAdmin: false });
  const { id } = await compute('host1', { up: false });
  const { body } = await get('/v2.1/openapi.json');
  const found: string[] = [];
  for (const [path, operations] of Object.entries<object>(body.paths)) {
    for (const name of Object.keys(operations)) {
      const method = name.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'DELETE';
      const url = path.replace('{id}', String(id)).replace(/\{[^}]+\}/g, randomUUID());
      const service = { host: 'host1', binary: 'nova-compute' };
      const payload =
        {
          '/v2.1/os-services/disable-log-reason': { ...service, disabled_reason: 'x' },
          '/v2.1/os-services/force-down': { ...service, forced_down: true },
        }[path] ?? (path.startsWith('/v2.1/os-services/') ? service : {});
      const answer = await app.inject({ method, url, ...(method === 'GET' ? {} : { payload }) });
      if (answer.statusCode === 403) found.push(`${method} ${path.slice('/v2.1'.length)}`);
    }
  }
  expect(found.sort()).toEqual(refused);
  expect(await stores.services.getById(id)).toMatchObject({ disabled: false, forced_down: false });
});

test('who is no administrator neither lists the servers of all projects nor names a host', async () => {
  const { ask } = await twoProjects(false);
  const forbidden = { forbidden: { code: 403, message: 'User does not have admin privileges' } };
  for (const list of ['/servers', '/servers/detail'])
    expect(await ask('ours', 'GET', `${list}?all_tenants=1`)).toEqual({ status: 403, body: forbidden });
  const server = { ...BOOT, availability_zone: 'nova:host1' };
  expect(await ask('ours', 'POST', '/servers', { server })).toEqual({ status: 403, body: forbidden });
});

test('who is no administrator finds and uses public flavors only', async () => {
  const { ask, stores } = await twoProjects(false);
  const secret = newFlavor();
  Object.assign(secret, { name: 'secret', flavorid: 'secret', is_public: false });
  await stores.flavors.create(secret);
  const lists = ['/flavors', '/flavors/detail', '/flavors?is_public=none', '/flavors/detail?is_public=false'];
  for (const list of lists) {
    const { body } = await ask('ours', 'GET', list);
    expect(body.flavors.map(({ id }: { id: string }) => id)).not.toContain('secret');
  }
  for (const url of ['/flavors/secret', '/flavors/secret/os-extra_specs'])
    expect((await ask('ours', 'GET', url)).status).toBe(404);
  expect((await ask('ours', 'GET', '/flavors?marker=secret')).status).toBe(400);
  const server = { ...BOOT, flavorRef: 'secret' };
  expect((await ask('ours', 'POST', '/servers', { server })).status).toBe(400);
});
