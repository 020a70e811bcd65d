import { apiFixture, CIRROS } from '@mini-nova/services-testing/api-fixture';
import { expect, test } from 'vitest';

test('lists flavors, briefly and in detail', async () => {
  const { get } = await apiFixture();
  const brief = (await get('/v2.1/flavors')).body.flavors;
  expect(brief.map(({ name }: { name: string }) => name)).toEqual([
    'm1.tiny',
    'm1.small',
    'm1.medium',
    'm1.large',
    'm1.xlarge',
  ]);
  expect(Object.keys(brief[0]).sort()).toEqual(['id', 'links', 'name']);
  const [, small] = (await get('/v2.1/flavors/detail')).body.flavors;
  expect(small).toMatchObject({
    id: '2',
    name: 'm1.small',
    ram: 2048,
    disk: 20,
    vcpus: 1,
    swap: '',
    rxtx_factor: 1,
    'OS-FLV-DISABLED:disabled': false,
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'os-flavor-access:is_public': true,
  });
  expect((await get('/v2.1/flavors/2')).body.flavor).toEqual(small);
  expect((await get('/v2.1/flavors/2/os-extra_specs')).body).toEqual({ extra_specs: {} });
  expect(await get('/v2.1/flavors/9')).toMatchObject({
    status: 404,
    body: { itemNotFound: { message: 'Flavor 9 could not be found.' } },
  });
});

test('lists the images of the configuration', async () => {
  const { get } = await apiFixture();
  const brief = (await get('/v2.1/images')).body.images;
  expect(brief).toEqual([{ id: CIRROS, name: 'cirros', links: [expect.anything(), expect.anything()] }]);
  const [detailed] = (await get('/v2.1/images/detail')).body.images;
  expect(detailed).toMatchObject({
    id: CIRROS,
    status: 'ACTIVE',
    progress: 100,
    minRam: 0,
    minDisk: 0,
    'OS-EXT-IMG-SIZE:size': 16300544,
    metadata: {},
  });
  expect((await get(`/v2.1/images/${CIRROS}`)).body.image).toEqual(detailed);
  expect((await get('/v2.1/images/none')).status).toBe(404);
});

test('lists networks', async () => {
  const { get, networkId } = await apiFixture();
  const { networks } = (await get('/v2.1/os-networks')).body;
  expect(networks).toMatchObject([
    {
      id: networkId,
      label: 'private',
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      netmask: '255.255.255.0',
      broadcast: '10.0.0.255',
      dhcp_start: '10.0.0.2',
    },
  ]);
  expect((await get(`/v2.1/os-networks/${networkId}`)).body.network).toEqual(networks[0]);
  expect((await get('/v2.1/os-networks/none')).status).toBe(404);
});
