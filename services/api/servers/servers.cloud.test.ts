import { Target } from '@mini-nova/messaging';
import { InstanceFault, InstanceInfoCache } from '@mini-nova/objects';
import { apiFixture, BOOT, CIRROS, LIMITS } from '@mini-nova/services-testing/api-fixture';
import { neverSettled, untilCancelled } from '@mini-nova/services-testing/hanging-casts';
import { expect, test, vi } from 'vitest';

const CONDUCTOR = new Target({ topic: 'conductor', namespace: 'compute_task', version: '1.24' });

async function withConductor(options?: Parameters<typeof apiFixture>[0]) {
  const fixture = await apiFixture(options);
  await fixture.listen(CONDUCTOR, { schedule_and_build_instances: () => null });
  return fixture;
}

test('boots a server: 202, its records, and one cast to the conductor', async () => {
  const { send, received, stores } = await withConductor();
  const { status, body, headers } = await send('POST', '/v2.1/servers', {
    server: { ...BOOT, metadata: { role: 'web' }, user_data: 'aGVsbG8=' },
  });
  expect(status).toBe(202);
  const { id } = body.server;
  expect(body.server).toEqual({
    id,
    adminPass: expect.stringMatching(/^\w{12}$/),
    links: [
      { rel: 'self', href: expect.stringMatching(new RegExp(`/v2\\.1/servers/${id}$`)) },
      { rel: 'bookmark', href: expect.stringMatching(new RegExp(`[^1]/servers/${id}$`)) },
    ],
    'OS-DCF:diskConfig': 'MANUAL',
    security_groups: [{ name: 'default' }],
  });
  expect(headers.location).toBe(body.server.links[0].href);

  const instance = await stores.instances.getByUuid(id);
  expect(instance.values()).toMatchObject({
    display_name: 'vm',
    hostname: 'vm',
    vm_state: 'building',
    task_state: 'scheduling',
    project_id: 'demo',
    image_ref: CIRROS,
    metadata: { role: 'web' },
    user_data: 'aGVsbG8=',
    host: null,
  });
  expect(await stores.buildRequests.findByInstanceUuid(id)).toBeDefined();
  expect(await stores.requestSpecs.findByInstanceUuid(id)).toMatchObject({ num_instances: 1 });

  await expect.poll(() => received.length).toBe(1);
  const { args } = received[0] ?? {};
  expect(args.build_requests[0].instance_uuid).toBe(id);
  expect(args.request_specs[0].flavor.name).toBe('m1.tiny');
  expect(args.image).toMatchObject({ id: CIRROS, status: 'active' });
  expect(args.requested_networks).toBeNull();
  expect(args.admin_password).toBe(body.server.adminPass);
});

test('boots several servers under one reservation, numbered, in one request to the conductor', async () => {
  const { send, get, received } = await withConductor();
  const server = { ...BOOT, min_count: 2, max_count: 3, return_reservation_id: true };
  const { body } = await send('POST', '/v2.1/servers', { server });
  expect(body).toEqual({ reservation_id: expect.stringMatching(/^r-[a-z0-9]{8}$/) });
  await send('POST', '/v2.1/servers', { server: BOOT });
  const found = await get(`/v2.1/servers?reservation_id=${body.reservation_id}`);
  expect(found.body.servers.map(({ name }: { name: string }) => name)).toEqual(['vm-3', 'vm-2', 'vm-1']);
  await expect.poll(() => received.length).toBe(2);
  expect(received[0]?.args.build_requests).toHaveLength(3);
});

test('takes image and flavor by URL, too', async () => {
  const { send } = await withConductor();
  const server = { name: 'vm', imageRef: `http://x/images/${CIRROS}`, flavorRef: 'http://x/flavors/2' };
  expect(await send('POST', '/v2.1/servers', { server })).toMatchObject({ status: 202 });
});

test('sends the requested networks along', async () => {
  const { send, received, networkId } = await withConductor();
  const networks = [{ uuid: networkId, fixed_ip: '10.0.0.9' }];
  await send('POST', '/v2.1/servers', { server: { ...BOOT, networks } });
  await send('POST', '/v2.1/servers', { server: { ...BOOT, networks: 'none' } });
  await expect.poll(() => received.length).toBe(2);
  const [first, second] = received.map(({ args }) => args.requested_networks.objects[0].values());
  expect(first).toMatchObject({ network_id: networkId, port_id: null });
  expect(String(first.address)).toBe('10.0.0.9');
  expect(second).toMatchObject({ network_id: 'none' });
});

test('names the forced host in the request spec', async () => {
  const { send, compute, stores, received } = await withConductor();
  const { ComputeNode } = await import('@mini-nova/objects');
  await compute('host1');
  await stores.computeNodes.create(
    new ComputeNode({
      host: 'host1',
      hypervisor_hostname: 'host1',
      hypervisor_type: 'fake',
      hypervisor_version: 1,
      vcpus: 1,
      memory_mb: 1,
      local_gb: 1,
      vcpus_used: 0,
      memory_mb_used: 0,
      local_gb_used: 0,
    }),
  );
  const boot = (availability_zone: string) =>
    send('POST', '/v2.1/servers', { server: { ...BOOT, availability_zone } });
  expect(await boot('nova:host1:host1')).toMatchObject({ status: 202 });
  await expect.poll(() => received.length).toBe(1);
  expect(received[0]?.args.request_specs[0]).toMatchObject({
    availability_zone: 'nova',
    force_hosts: ['host1'],
    force_nodes: ['host1'],
  });
  expect((await boot('nova:host9')).body.badRequest.message).toBe('Compute host host9 could not be found.');
  expect((await boot('moon')).body.badRequest.message).toBe(
    'The requested availability zone is not available',
  );
  expect((await boot('a:b:c:d')).body.badRequest.message).toBe('Unable to parse availability_zone');
});

test('takes texts for numbers and for yes and no where Nova does', async () => {
  const { send, get } = await withConductor();
  const server = { ...BOOT, min_count: '2', max_count: '003', return_reservation_id: 'True', flavorRef: 1 };
  const { status, body } = await send('POST', '/v2.1/servers', { server });
  expect([status, Object.keys(body)]).toEqual([202, ['reservation_id']]);
  expect((await get('/v2.1/servers')).body.servers).toHaveLength(3);
  const single = await send('POST', '/v2.1/servers', { server: { ...server, return_reservation_id: 'off' } });
  expect(Object.keys(single.body)).toEqual(['server']);
  for (const min_count of ['0', '-1', '1.5', ' 2', '', '1001', '1e1', true, null, [2]]) {
    expect((await send('POST', '/v2.1/servers', { server: { ...server, min_count } })).status).toBe(400);
  }
  for (const return_reservation_id of ['y', 'tRUE', '', 1, null]) {
    const answer = await send('POST', '/v2.1/servers', { server: { ...server, return_reservation_id } });
    expect(answer.status).toBe(400);
  }
});

const UNKNOWN = '11111111-2222-3333-4444-555555555555';

const refused: [title: string, body: object, message: RegExp][] = [
  ['no server', {}, /'server' is a required property/],
  ['no name', { server: { imageRef: CIRROS, flavorRef: '1' } }, /'name' is a required property/],
  ['an empty name', { server: { ...BOOT, name: '' } }, /field\/attribute name\. It is too short/],
  ['a name with a blank at its end', { server: { ...BOOT, name: 'x ' } }, /attribute name\..*does not match/],
  ['a long name', { server: { ...BOOT, name: 'x'.repeat(256) } }, /attribute name\..*is too long/],
  [
    'a count of 0',
    { server: { ...BOOT, min_count: 0 } },
    /^Invalid input for field\/attribute min_count\. It is less than the minimum of 1$/,
  ],
  ['a count in words', { server: { ...BOOT, max_count: 'two' } }, /attribute max_count\. It does not match/],
  [
    'counts out of order',
    { server: { ...BOOT, min_count: 3, max_count: 2 } },
    /^min_count must be <= max_count$/,
  ],
  [
    'an unknown field',
    { server: { ...BOOT, key_name: 'k' } },
    /Additional properties.*'key_name' was unexpected/,
  ],
  ['an unknown field beside', { server: BOOT, x: 1 }, /Additional properties.*'x' was unexpected/],
  ['an unknown image', { server: { ...BOOT, imageRef: UNKNOWN } }, /^Can not find requested image$/],
  ['an unknown flavor', { server: { ...BOOT, flavorRef: '99' } }, /^Flavor 99 could not be found\.$/],
  [
    'metadata that is no text',
    { server: { ...BOOT, metadata: { a: 1 } } },
    /attribute a\. It is not of type 'string'/,
  ],
  [
    'a network id that is none',
    { server: { ...BOOT, networks: [{ uuid: 'x' }] } },
    /attribute uuid\. It is not a 'uuid'/,
  ],
  [
    'an unknown network',
    { server: { ...BOOT, networks: [{ uuid: UNKNOWN }] } },
    /^Network 1{8}-.* could not be found\.$/,
  ],
  [
    'an unknown port',
    { server: { ...BOOT, networks: [{ port: UNKNOWN }] } },
    /^Port id 1{8}-.* could not be found/,
  ],
  ['a network without id', { server: { ...BOOT, networks: [{}] } }, /a network needs uuid or port/],
  [
    'one address for two servers',
    { server: { ...BOOT, max_count: 2, networks: [{ uuid: UNKNOWN, fixed_ip: '10.0.0.9' }] } },
    /max_count cannot be greater than 1/,
  ],
];

test.each(refused)('refuses %s with 400, and records nothing', async (_title, body, message) => {
  const { send, get } = await apiFixture();
  const answer = await send('POST', '/v2.1/servers', body);
  expect(answer.status).toBe(400);
  expect(answer.body.badRequest).toMatchObject({ code: 400, message: expect.stringMatching(message) });
  expect((await get('/v2.1/servers')).body.servers).toEqual([]);
});

test.each(['%', 'YQ', '#!/bin/sh\n\necho', 'YWJj\n%', '\u2028'])(
  'refuses user data that is not base 64 in all its lines: %j',
  async (user_data) => {
    const { send } = await apiFixture();
    const { status, body } = await send('POST', '/v2.1/servers', { server: { ...BOOT, user_data } });
    expect([status, body.badRequest?.message]).toEqual([
      400,
      "Invalid input for field/attribute user_data. It is not a 'base64'",
    ]);
  },
);

test.each(['', 'YQ==', 'YWJjZGVm\nYQ==\n', 'YWJj\r\nZGVm'])(
  'takes user data in base 64, in one line or several: %j',
  async (user_data) => {
    const { send } = await withConductor();
    expect((await send('POST', '/v2.1/servers', { server: { ...BOOT, user_data } })).status).toBe(202);
  },
);

test('refuses a flavor that is too small for the image', async () => {
  const { send, dependencies } = await apiFixture();
  const { ImageRegistry } = await import('../images/registry.ts');
  const [cirros] = dependencies.images.list();
  if (!cirros) throw new Error('no image');
  for (const [image, message] of [
    [{ ...cirros, min_ram: 513 }, /memory is too small/],
    [{ ...cirros, min_disk: 2 }, /disk is too small/],
    [{ ...cirros, size: 2 ** 31 }, /disk is too small/],
  ] as const) {
    dependencies.images = new ImageRegistry([image]);
    const { app } = await apiFixtureWith(dependencies);
    const answer = await app.inject({ method: 'POST', url: '/v2.1/servers', payload: { server: BOOT } });
    expect(answer.json().badRequest.message).toMatch(message);
  }
  expect(await send('POST', '/v2.1/servers', { server: BOOT })).toMatchObject({ status: 400 });
});

async function apiFixtureWith(dependencies: Awaited<ReturnType<typeof apiFixture>>['dependencies']) {
  const { buildApp } = await import('../app.ts');
  return { app: buildApp(dependencies, LIMITS, { isTrusted: false }) };
}

test.each([
  ['was not sent', untilCancelled, 'The message bus did not take the request within 0.05 seconds.'],
  ['may have been sent', neverSettled, 'The message bus did not confirm the request within 0.05 seconds.'],
])(
  'answers 503 when the build %s, and all servers are in ERROR with a fault',
  async (_how, send, message) => {
    const fixture = await apiFixture({ castTimeout: 0.05 });
    const { dependencies, stores } = fixture;
    dependencies.computeTask.scheduleAndBuildInstances = (_ctxt, _args, options) => send(options);
    const { status, body } = await fixture.send('POST', '/v2.1/servers', {
      server: { ...BOOT, min_count: 2 },
    });
    expect({ status, ...body.serviceUnavailable }).toEqual({ status: 503, code: 503, message });
    const { servers } = (await fixture.get('/v2.1/servers/detail')).body;
    expect(servers).toHaveLength(2);
    for (const server of servers) {
      expect(server).toMatchObject({ status: 'ERROR', fault: { code: 503, message } });
      expect(await stores.buildRequests.findByInstanceUuid(server.id)).toBeUndefined();
    }
  },
);

test('accepts a boot while other boots wait for the bus', async () => {
  const { send, dependencies } = await apiFixture({ castTimeout: 600 });
  let end = () => {};
  const busIsBack = new Promise<void>((resolve) => {
    end = resolve;
  });
  let casts = 0;
  dependencies.computeTask.scheduleAndBuildInstances = async () => {
    casts += 1;
    if (casts <= 6) await busIsBack;
  };
  const waiting = Array.from({ length: 6 }, () => send('POST', '/v2.1/servers', { server: BOOT }));
  await vi.waitFor(() => expect(casts).toBe(6));
  expect(await send('POST', '/v2.1/servers', { server: BOOT })).toMatchObject({ status: 202 });
  end();
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(202);
});

test('accepts servers whose build a conductor has begun, even if the bus did not confirm the request', async () => {
  const { send, get, dependencies, stores } = await apiFixture({ castTimeout: 0.05 });
  const { computeTask } = dependencies;
  const { buildRequests } = stores;
  computeTask.scheduleAndBuildInstances = async (_ctxt, { build_requests }) => {
    await buildRequests.delete(build_requests[1]?.instance_uuid ?? '');
    return neverSettled();
  };
  const { status } = await send('POST', '/v2.1/servers', { server: { ...BOOT, min_count: 2 } });
  expect(status).toBe(202);
  const { servers } = (await get('/v2.1/servers/detail')).body;
  expect(servers.map((server: { status: string }) => server.status)).toEqual(['BUILD', 'BUILD']);
});

test('accepts a deletion that the bus does not take: the conductor sees to it', async () => {
  const { send, instance, compute, dependencies, stores } = await apiFixture();
  await compute('host1');
  dependencies.compute.terminateInstance = neverSettled;
  const { uuid } = await instance();
  expect(await send('DELETE', `/v2.1/servers/${uuid}`)).toMatchObject({ status: 204 });
  expect((await stores.instances.getByUuid(uuid)).task_state).toBe('deleting');
});

test('shows a server as Nova does', async () => {
  const { get, instance, networkId } = await apiFixture();
  const vif = {
    id: UNKNOWN,
    address: 'fa:16:3e:00:00:01',
    network: { id: networkId, label: 'private', subnets: [{ ips: [{ address: '10.0.0.2' }] }] },
  };
  const { uuid } = await instance({
    info_cache: new InstanceInfoCache({ instance_uuid: UNKNOWN, network_info: JSON.stringify([vif]) }),
    metadata: { a: 'b' },
  });
  const { body } = await get(`/v2.1/servers/${uuid}`);
  expect(body.server).toEqual({
    accessIPv4: '',
    accessIPv6: '',
    addresses: {
      private: [
        {
          addr: '10.0.0.2',
          version: 4,
          'OS-EXT-IPS:type': 'fixed',
          'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01',
        },
      ],
    },
    config_drive: '',
    created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    flavor: { id: '1', links: [{ rel: 'bookmark', href: expect.stringMatching(/\/flavors\/1$/) }] },
    hostId: expect.stringMatching(/^[0-9a-f]{56}$/),
    id: uuid,
    image: { id: CIRROS, links: [{ rel: 'bookmark', href: expect.stringMatching(/\/images\/70a/) }] },
    key_name: null,
    links: [expect.anything(), expect.anything()],
    metadata: { a: 'b' },
    name: 'vm',
    'OS-DCF:diskConfig': 'MANUAL',
    'OS-EXT-AZ:availability_zone': 'nova',
    'OS-EXT-SRV-ATTR:host': 'host1',
    'OS-EXT-SRV-ATTR:hypervisor_hostname': 'host1',
    'OS-EXT-SRV-ATTR:instance_name': 'instance-00000001',
    'OS-EXT-STS:power_state': 1,
    'OS-EXT-STS:task_state': null,
    'OS-EXT-STS:vm_state': 'active',
    'OS-SRV-USG:launched_at': '2026-01-31T12:00:00.000000',
    'OS-SRV-USG:terminated_at': null,
    'os-extended-volumes:volumes_attached': [],
    progress: 0,
    security_groups: [{ name: 'default' }],
    status: 'ACTIVE',
    tenant_id: 'demo',
    updated: expect.any(String),
    user_id: 'demo',
  });
});

test('shows the last fault of a server in ERROR, and no progress', async () => {
  const { get, instance, stores } = await apiFixture();
  const { uuid } = await instance({ vm_state: 'error', host: null, node: null });
  for (const message of ['first', 'No valid host was found. 2 hosts']) {
    await stores.instances.addFault(
      new InstanceFault({ instance_uuid: uuid, code: 500, message, details: 'more', host: null }),
    );
  }
  const { server } = (await get(`/v2.1/servers/${uuid}`)).body;
  expect(server.fault).toEqual({
    code: 500,
    message: 'No valid host was found. 2 hosts',
    details: 'more',
    created: expect.stringMatching(/Z$/),
  });
  expect(server).toMatchObject({ status: 'ERROR', hostId: '' });
  expect(server).not.toHaveProperty('progress');
});

test('shows no addresses of a server that is being built', async () => {
  const { get, instance } = await apiFixture();
  const { uuid } = await instance({ vm_state: 'building', task_state: 'spawning', host: 'host1' });
  expect((await get(`/v2.1/servers/${uuid}`)).body.server).toMatchObject({ status: 'BUILD', addresses: {} });
});

const statuses: [vm: string, task: string | null, status: string][] = [
  ['building', 'scheduling', 'BUILD'],
  ['active', null, 'ACTIVE'],
  ['active', 'powering-off', 'ACTIVE'],
  ['active', 'rebooting', 'REBOOT'],
  ['active', 'reboot_started_hard', 'HARD_REBOOT'],
  ['stopped', 'powering-on', 'SHUTOFF'],
  ['error', null, 'ERROR'],
  ['unheard', null, 'UNKNOWN'],
];

test.each(statuses)('vm_state %s and task_state %s are status %s', async (vm_state, task_state, status) => {
  const { get, instance } = await apiFixture();
  const { uuid } = await instance({ vm_state, task_state });
  expect((await get(`/v2.1/servers/${uuid}`)).body.server.status).toBe(status);
});

test('an unknown server is 404', async () => {
  const { get, send } = await apiFixture();
  for (const answer of [
    await get(`/v2.1/servers/${UNKNOWN}`),
    await send('DELETE', `/v2.1/servers/${UNKNOWN}`),
  ]) {
    expect(answer).toMatchObject({
      status: 404,
      body: { itemNotFound: { code: 404, message: `Instance ${UNKNOWN} could not be found.` } },
    });
  }
});

test('lists the servers of the project, newest first', async () => {
  const { get, instance } = await apiFixture();
  await instance({ display_name: 'first' });
  await instance({ display_name: 'second' });
  await instance({ display_name: 'other', project_id: 'ac3e' });
  const names = async (url: string) =>
    (await get(url)).body.servers.map(({ name }: { name: string }) => name);
  expect(await names('/v2.1/servers')).toEqual(['second', 'first']);
  expect(await names('/v2.1/servers?all_tenants=1')).toEqual(['other', 'second', 'first']);
  expect(await names('/v2.1/ac3e/servers')).toEqual(['other']);
});

test('filters the list', async () => {
  const { get, instance } = await apiFixture();
  await instance({ display_name: 'web-1', host: 'host1' });
  await instance({ display_name: 'web-2', host: 'host2', vm_state: 'stopped' });
  await instance({ display_name: 'db', host: 'host2', task_state: 'rebooting' });
  const names = async (query: string) =>
    (await get(`/v2.1/servers/detail?${query}`)).body.servers
      .map(({ name }: { name: string }) => name)
      .sort();
  expect(await names('name=web')).toEqual(['web-1', 'web-2']);
  expect(await names(`name=${encodeURIComponent('^web-1$')}`)).toEqual(['web-1']);
  expect(await names('name=%25')).toEqual([]);
  expect(await names('host=host2')).toEqual(['db', 'web-2']);
  expect(await names('status=shutoff')).toEqual(['web-2']);
  expect(await names('status=REBOOT')).toEqual(['db']);
  expect(await names('status=SHUTOFF&status=ERROR')).toEqual(['web-2']);
  expect(await names('status=nonsense')).toEqual([]);
  expect(await names('flavor=1&host=host1')).toEqual(['web-1']);
  expect(await names('flavor=77')).toEqual([]);
  expect(await names(`image=${CIRROS}&user_id=demo`)).toHaveLength(3);
});

test('pages the list by limit and marker, and never past the highest limit', async () => {
  const { get, instance } = await apiFixture({ maxLimit: 2 });
  for (const display_name of ['a', 'b', 'c']) await instance({ display_name });
  const first = await get('/v2.1/servers/detail?limit=500&status=ACTIVE');
  expect(first.body.servers.map(({ name }: { name: string }) => name)).toEqual(['c', 'b']);
  const [{ rel, href }] = first.body.servers_links;
  expect(rel).toBe('next');
  const next = new URL(href);
  expect(next.pathname).toBe('/v2.1/servers/detail');
  const second = await get(next.pathname + next.search);
  expect(second.body.servers.map(({ name }: { name: string }) => name)).toEqual(['a']);
  expect(second.body).not.toHaveProperty('servers_links');
  expect((await get(`/v2.1/servers?marker=${UNKNOWN}`)).body.badRequest.message).toBe(
    `marker [${UNKNOWN}] not found`,
  );
});
