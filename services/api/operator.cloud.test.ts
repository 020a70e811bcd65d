import { ComputeNode, Service } from '@mini-nova/objects';
import { setInventory } from '@mini-nova/placement/inventory';
import { type ApiFixture, apiFixture } from '@mini-nova/services-testing/api-fixture';
import { newMigration } from '@mini-nova/services-testing/new-objects';
import { describe, expect, test } from 'vitest';

async function node({ stores }: ApiFixture, host: string): Promise<ComputeNode> {
  const computeNode = new ComputeNode({
    host,
    hypervisor_hostname: `${host}.example.org`,
    hypervisor_type: 'fake',
    hypervisor_version: 1000,
    vcpus: 8,
    memory_mb: 32768,
    local_gb: 1000,
    vcpus_used: 1,
    memory_mb_used: 1024,
    local_gb_used: 1,
    free_ram_mb: 31744,
    running_vms: 1,
  });
  await stores.computeNodes.create(computeNode);
  return computeNode;
}

test('lists services with their state', async () => {
  const { get, compute, stores } = await apiFixture();
  await compute('host1', { zone: 'north' });
  await compute('host2', { up: false });
  await stores.services.create(
    new Service({
      host: 'host1',
      binary: 'nova-conductor',
      topic: 'conductor',
      version: 1,
      last_seen_up: new Date(),
    }),
  );
  const { services } = (await get('/v2.1/os-services')).body;
  expect(services).toMatchObject([
    { id: 1, binary: 'nova-compute', host: 'host1', zone: 'north', state: 'up', status: 'enabled' },
    { id: 2, binary: 'nova-compute', host: 'host2', zone: 'nova', state: 'down', status: 'enabled' },
    { id: 3, binary: 'nova-conductor', host: 'host1', zone: 'internal', state: 'up' },
  ]);
  expect(Object.keys(services[0]).sort()).toEqual([
    'binary',
    'disabled_reason',
    'host',
    'id',
    'state',
    'status',
    'updated_at',
    'zone',
  ]);
  expect(services[0].updated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  expect((await get('/v2.1/os-services?binary=nova-compute&host=host2')).body.services).toHaveLength(1);
});

test('shows when a stopped service was stopped', async () => {
  const { get, compute, stores } = await apiFixture();
  const service = await compute('host1');
  const before = Date.now();
  await stores.services.markStopped(service);
  const [shown] = (await get('/v2.1/os-services')).body.services;
  expect(shown.state).toBe('down');
  expect(Date.parse(`${shown.updated_at}Z`)).toBeGreaterThanOrEqual(before);
});

test('disables, enables and forces down a service', async () => {
  const { get, send, compute } = await apiFixture();
  await compute('host1');
  const service = { host: 'host1', binary: 'nova-compute' };
  const shown = async () => (await get('/v2.1/os-services')).body.services[0];

  const disabled_reason = 'new disk';
  expect(
    (await send('PUT', '/v2.1/os-services/disable-log-reason', { ...service, disabled_reason })).body,
  ).toEqual({
    service: { ...service, disabled_reason, status: 'disabled' },
  });
  expect(await shown()).toMatchObject({ status: 'disabled', disabled_reason, state: 'up' });

  expect((await send('PUT', '/v2.1/os-services/enable', service)).body).toEqual({
    service: { ...service, status: 'enabled' },
  });
  expect(await shown()).toMatchObject({ status: 'enabled', disabled_reason: null });

  await send('PUT', '/v2.1/os-services/disable', service);
  expect(await shown()).toMatchObject({ status: 'disabled' });

  await send('PUT', '/v2.1/os-services/force-down', { ...service, forced_down: true });
  expect(await shown()).toMatchObject({ state: 'down' });
});

test('says what is wrong with a change of a service', async () => {
  const { send } = await apiFixture();
  const unknown = { host: 'host9', binary: 'nova-compute' };
  expect(await send('PUT', '/v2.1/os-services/enable', unknown)).toMatchObject({
    status: 404,
    body: { itemNotFound: { message: 'Could not find binary nova-compute on host host9.' } },
  });
  expect(
    (await send('PUT', '/v2.1/os-services/disable-log-reason', unknown)).body.badRequest.message,
  ).toMatch(/'disabled_reason' is a required property/);
  expect((await send('PUT', '/v2.1/os-services/enable', { ...unknown, x: 1 })).status).toBe(400);
});

test('changes computes only', async () => {
  const { send, stores } = await apiFixture();
  const service = { host: 'host1', binary: 'nova-scheduler' };
  await stores.services.create(new Service({ ...service, topic: 'scheduler', version: 1 }));
  for (const verb of ['enable', 'disable']) {
    expect((await send('PUT', `/v2.1/os-services/${verb}`, service)).body.badRequest.message).toMatch(
      /Only nova-compute services can be updated/,
    );
  }
});

test.each([
  ['true', 'down'],
  ['On', 'down'],
  ['1', 'down'],
  ['False', 'up'],
  ['no', 'up'],
])('takes the word %s for yes or no', async (forced_down, state) => {
  const { get, send, compute } = await apiFixture();
  await compute('host1');
  const body = { host: 'host1', binary: 'nova-compute', forced_down };
  expect((await send('PUT', '/v2.1/os-services/force-down', body)).body.service.forced_down).toBe(
    state === 'down',
  );
  expect((await get('/v2.1/os-services')).body.services[0].state).toBe(state);
  expect((await send('PUT', '/v2.1/os-services/force-down', { ...body, forced_down: 'y' })).status).toBe(400);
});

test('lists hypervisors with their service', async () => {
  const fixture = await apiFixture();
  const { get, compute } = fixture;
  await compute('host1');
  await node(fixture, 'host1');
  // Whose service was deleted.
  await node(fixture, 'host2');
  const brief = (await get('/v2.1/os-hypervisors')).body.hypervisors;
  expect(brief).toEqual([
    { id: 1, hypervisor_hostname: 'host1.example.org', state: 'up', status: 'enabled' },
  ]);
  const [detailed] = (await get('/v2.1/os-hypervisors/detail')).body.hypervisors;
  expect(detailed).toMatchObject({
    id: 1,
    vcpus: 8,
    vcpus_used: 1,
    memory_mb: 32768,
    memory_mb_used: 1024,
    free_ram_mb: 31744,
    local_gb: 1000,
    running_vms: 1,
    hypervisor_type: 'fake',
    service: { id: 1, host: 'host1', disabled_reason: null },
  });
  expect((await get('/v2.1/os-hypervisors/1')).body.hypervisor).toEqual(detailed);
  expect((await get('/v2.1/os-hypervisors/7')).status).toBe(404);
  // These of Nova's are not implemented.
  for (const path of ['statistics', '1/uptime', 'host1/search', 'host1/servers']) {
    expect((await get(`/v2.1/os-hypervisors/${path}`)).status).toBe(404);
  }
});

describe('the deletion of a service', () => {
  async function stoppedCompute() {
    const fixture = await apiFixture();
    const service = await fixture.compute('host1', { up: false });
    const own = await node(fixture, 'host1');
    const { db } = fixture;
    const inventories = { VCPU: { total: 8, reserved: 0, allocation_ratio: 1 } };
    await setInventory(db, { providerUuid: own.uuid, providerName: 'host1', inventories });
    const offered = () => db.kysely.selectFrom('inventories').selectAll().execute();
    return { ...fixture, service, offered };
  }

  test('takes its nodes and what they offer with it', async () => {
    const { get, send, service, offered } = await stoppedCompute();
    expect(await offered()).toHaveLength(1);
    expect(await send('DELETE', `/v2.1/os-services/${service.id}`)).toMatchObject({ status: 204 });
    expect((await get('/v2.1/os-services')).body.services).toEqual([]);
    expect((await get('/v2.1/os-hypervisors')).body.hypervisors).toEqual([]);
    expect(await offered()).toEqual([]);
    expect((await send('DELETE', `/v2.1/os-services/${service.id}`)).status).toBe(404);
  });

  test('is refused while its host has instances', async () => {
    const { send, instance, service, get } = await stoppedCompute();
    await instance({ host: 'host1' });
    expect(await send('DELETE', `/v2.1/os-services/${service.id}`)).toMatchObject({
      status: 409,
      body: { conflictingRequest: { message: expect.stringMatching(/is hosting instances/) } },
    });
    expect((await get('/v2.1/os-services')).body.services).toHaveLength(1);
  });

  test('is refused while migrations from or to its host are under way', async () => {
    const { send, service, get, stores } = await stoppedCompute();
    const [away, here] = [newMigration({ status: 'finished' }), newMigration({ dest_compute: 'host1' })];
    Object.assign(here, { source_compute: 'host2', status: 'pre-migrating' });
    for (const migration of [away, here]) {
      await stores.migrations.create(migration);
      expect(await send('DELETE', `/v2.1/os-services/${service.id}`)).toMatchObject({
        status: 409,
        body: { conflictingRequest: { message: expect.stringMatching(/has in-progress migrations/) } },
      });
      await stores.migrations.save(Object.assign(migration, { status: 'confirmed' }));
    }
    expect((await get('/v2.1/os-services')).body.services).toHaveLength(1);
    expect((await send('DELETE', `/v2.1/os-services/${service.id}`)).status).toBe(204);
  });

  test('is refused while it is up', async () => {
    const { send, compute } = await apiFixture();
    const { id } = await compute('host1');
    expect(await send('DELETE', `/v2.1/os-services/${id}`)).toMatchObject({
      status: 409,
      body: { conflictingRequest: { message: expect.stringMatching(/that is up: stop it first/) } },
    });
  });

  test.each(['x', '-1', '1.5', '99999999999'])('with id %s is 400', async (id) => {
    const { send } = await apiFixture();
    expect((await send('DELETE', `/v2.1/os-services/${id}`)).status).toBe(400);
  });
});
