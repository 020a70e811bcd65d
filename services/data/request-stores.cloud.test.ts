import { randomUUID } from 'node:crypto';
import { AdminRequired, FlavorNotFound, InstanceNotFound } from '@mini-nova/domain/exceptions';
import {
  BlockDeviceMappingList,
  BuildRequest,
  type Instance,
  InstanceFault,
  TagList,
} from '@mini-nova/objects';
import { type ReadDeleted, RequestContext } from '@mini-nova/service';
import { newFlavor, newInstance, newMigration } from '@mini-nova/services-testing/new-objects';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { ensureNetwork } from './networks/queries.ts';
import { allocatePort } from './ports/queries.ts';
import { storesFor } from './request-stores.ts';
import { unboundStores } from './stores.ts';

async function projects() {
  const db = await openDatabase('sqlite://');
  await migrate(db);
  onTestFinished(() => db.close());
  const unbound = unboundStores(db);
  const bind = storesFor(db, unbound);
  const instance = async (project_id: string): Promise<Instance> => {
    const created = newInstance({ project_id });
    await unbound.instances.create(created);
    return created;
  };
  const of = (project_id: string, options: { is_admin?: boolean; read_deleted?: ReadDeleted } = {}) =>
    bind(new RequestContext({ project_id, ...options }));
  return { db, unbound, of, ours: await instance('ours'), theirs: await instance('theirs') };
}

function newBuildRequest(instance: Instance): BuildRequest {
  return new BuildRequest({
    instance_uuid: instance.uuid,
    project_id: instance.project_id ?? '',
    instance,
    block_device_mappings: new BlockDeviceMappingList(),
    tags: new TagList(),
  });
}

const uuids = (instances: Iterable<Instance>) => [...instances].map(({ uuid }) => uuid);

test("a request finds only its project's instances, even an administrator's request", async () => {
  const { of, ours, theirs } = await projects();
  for (const is_admin of [false, true]) {
    const { instances } = of('ours', { is_admin });
    expect((await instances.get(ours.uuid)).uuid).toBe(ours.uuid);
    await expect(instances.get(theirs.uuid)).rejects.toThrow(InstanceNotFound);
    expect(await instances.has(theirs.uuid)).toBe(false);
    expect(uuids(await instances.list())).toEqual([ours.uuid]);
    expect(uuids(await instances.search({}))).toEqual([ours.uuid]);
    await expect(instances.search({ marker: theirs.uuid })).rejects.toThrow(InstanceNotFound);
  }
});

test('only administrators can ask for all projects', async () => {
  const { of, ours, theirs } = await projects();
  expect(() => of('ours').instances.ofAllProjects()).toThrow(AdminRequired);
  const all = of('ours', { is_admin: true }).instances.ofAllProjects();
  expect((await all.get(theirs.uuid)).uuid).toBe(theirs.uuid);
  expect(uuids(await all.search({}))).toEqual([theirs.uuid, ours.uuid]);
  expect(uuids(await all.list({ limit: 1 }))).toEqual([theirs.uuid]);
});

test("another project's record can be neither changed nor created, even by a request that has got hold of it", async () => {
  const { of, ours, theirs } = await projects();
  const { instances, buildRequests, ports } = of('ours', { is_admin: true });
  const fault = new InstanceFault({ instance_uuid: theirs.uuid, code: 500 });
  const attempts: (() => unknown)[] = [
    () => instances.update(theirs, { task_state: 'deleting' }),
    () => instances.delete(theirs),
    () => instances.create(newInstance({ project_id: 'theirs' })),
    () => instances.latestFaults([theirs]),
    () => instances.addFault(theirs, fault),
    () => instances.addFault(ours, fault),
    () => buildRequests.create(newBuildRequest(theirs)),
    () => buildRequests.delete(theirs),
    () => ports.of(theirs),
  ];
  for (const attempt of attempts) await expect((async () => attempt())()).rejects.toThrow(TypeError);
  expect(theirs.task_state).toBe('scheduling');
});

test.each([
  ['no', ['living']],
  ['yes', ['deleted', 'living']],
  ['only', ['deleted']],
] as const)('a context that reads deleted records %s sees %o', async (read_deleted, names) => {
  const { unbound, of } = await projects();
  const create = async (display_name: string) => {
    const instance = newInstance({ project_id: 'new', display_name });
    await unbound.instances.create(instance);
    return instance;
  };
  const living = await create('living');
  const deleted = await create('deleted');
  await unbound.instances.destroy(deleted);
  const { instances } = of('new', { read_deleted });
  for (const found of [await instances.list(), await instances.search({})])
    expect([...found].map(({ display_name }) => display_name)).toEqual(names);
  for (const instance of [living, deleted])
    expect(await instances.has(instance.uuid)).toBe(names.some((name) => name === instance.display_name));
});

test('the stores of a transaction are bound to the project as well, and its changes are rolled back with it', async () => {
  const { of, ours, theirs } = await projects();
  const stores = of('ours');
  const failed = stores.transaction(async ({ instances }) => {
    await expect(instances.get(theirs.uuid)).rejects.toThrow(InstanceNotFound);
    expect(await instances.lock(theirs.uuid)).toBeUndefined();
    const locked = await instances.lock(ours.uuid);
    await instances.update(locked ?? theirs, { task_state: 'deleting' });
    throw new Error('it fails');
  });
  await expect(failed).rejects.toThrow('it fails');
  expect((await stores.instances.get(ours.uuid)).task_state).toBe('scheduling');
});

test("a request finds only the migrations of its project's instances", async () => {
  const { unbound, of } = await projects();
  const moves = ['ours', 'theirs'].map((project_id) => newMigration({ project_id }));
  for (const migration of moves) await unbound.migrations.create(migration);

  const found = async (stores: ReturnType<typeof of>['migrations']) =>
    [...(await stores.list({ underWay: true }))].map(({ project_id }) => project_id);

  expect(await found(of('ours').migrations)).toEqual(['ours']);
  expect(() => of('ours').migrations.ofAllProjects()).toThrow(AdminRequired);
  const all = of('ours', { is_admin: true }).migrations.ofAllProjects();
  expect(await found(all)).toEqual(['theirs', 'ours']);
});

test("a request finds no port of another project's instance, not even an administrator's request", async () => {
  const { db, of, ours, theirs } = await projects();
  const { uuid: networkUuid } = await ensureNetwork(db.kysely, { label: 'private', cidr: '10.0.0.0/24' });
  const port = (deviceUuid: string | null) => allocatePort(db, { networkUuid, deviceUuid, host: null });
  const [own, free, foreign, unknown] = [
    await port(ours.uuid),
    await port(null),
    await port(theirs.uuid),
    await port(randomUUID()),
  ];
  for (const is_admin of [false, true]) {
    const { ports } = of('ours', { is_admin });
    expect(await ports.find(own.uuid)).toEqual(own);
    expect(await ports.find(free.uuid)).toEqual(free);
    expect(await ports.find(foreign.uuid)).toBeUndefined();
    expect(await ports.find(unknown.uuid)).toBeUndefined();
  }
});

test('services, nodes and inventories are for administrators, and no request can create flavors', async () => {
  const { of } = await projects();
  const stores = of('ours');
  expect(() => stores.admin).toThrow(AdminRequired);
  await expect(stores.transaction(async (inside) => inside.admin)).rejects.toThrow(AdminRequired);
  // @ts-expect-error only an administrator changes services
  expect(stores.services.update).toBeUndefined();
  // @ts-expect-error nodes are for administrators
  expect(stores.computeNodes).toBeUndefined();
  // @ts-expect-error inventories are for administrators
  expect(stores.providers).toBeUndefined();
  // @ts-expect-error no request creates flavors
  expect(stores.flavors.create).toBeUndefined();
  expect([...(await of('ours', { is_admin: true }).admin.services.list())]).toEqual([]);
});

test('a user who is not an administrator finds only public flavors', async () => {
  const { unbound, of } = await projects();
  const secret = newFlavor();
  Object.assign(secret, { name: 'secret', flavorid: 'secret', is_public: false });
  await unbound.flavors.create(secret);
  const names = async (flavors: ReturnType<typeof of>['flavors']) =>
    [...(await flavors.list())].map(({ name }) => name);
  const [others, administrators] = [of('ours').flavors, of('ours', { is_admin: true }).flavors];

  expect((await administrators.getByFlavorid('secret')).name).toBe('secret');
  expect(await names(administrators)).toContain('secret');
  await expect(others.getByFlavorid('secret')).rejects.toThrow(FlavorNotFound);
  await expect(others.list({ marker: 'secret' })).rejects.toThrow(FlavorNotFound);
  expect([...(await others.list({ isPublic: false }))].map(({ name }) => name)).not.toContain('secret');
  expect(await names(others)).toContain('m1.tiny');
  expect(await names(others)).not.toContain('secret');
});
