import { randomUUID } from 'node:crypto';
import { flavorParameters } from '@mini-nova/api/flavors/query';
import { serverParameters } from '@mini-nova/api/servers/query';
import { allocatePort } from '@mini-nova/data/ports/queries';
import { Flavor, type Instance, Service } from '@mini-nova/objects';
import { describe, expect, it } from 'vitest';
import { type ApiFixture, type ApiFixtureOptions, apiFixture, CIRROS } from './api-fixture.ts';

/** The servers for the queries below. Unless they say otherwise, they are like `b`. */
const servers: Record<string, Partial<Instance>> = {
  a: {
    display_name: 'web-1',
    display_description: 'first',
    uuid: '00000000-0000-4000-8000-00000000000a',
    hostname: 'alpha',
    key_name: 'k1',
    kernel_id: 'kern',
    ramdisk_id: 'ram',
    locked_by: 'owner',
    root_device_name: '/dev/vda',
    reservation_id: 'r-aaaaaaaa',
    launch_index: 7,
    progress: 55,
    power_state: 4,
    vm_state: 'stopped',
    host: 'host2',
    node: 'node2',
    user_id: 'alice',
    image_ref: 'other',
    availability_zone: 'north',
    config_drive: 'True',
    access_ip_v4: '192.0.2.1',
    access_ip_v6: '2001:db8::1',
    auto_disk_config: true,
    launched_at: new Date('2026-02-02T02:02:02.500Z'),
    terminated_at: new Date('2026-03-03T03:03:03Z'),
  },
  b: { display_name: 'web-12', auto_disk_config: false, reservation_id: 'r-bbbbbbbb' },
  c: { display_name: 'db', auto_disk_config: false, task_state: 'rebooting' },
  d: { display_name: 'gone', auto_disk_config: false },
  e: { display_name: 'theirs', auto_disk_config: false, project_id: 'ac3e', user_id: 'bob' },
};

const LIVING = ['c', 'b', 'a'];

/** Each of Nova's parameters, with a value that selects some of the servers. */
const serverQuestions: [query: string, found: string[] | 400][] = [
  ['', LIVING],
  ['vm_state=stopped', ['a']],
  ['vm_state=error', []],
  ['vm_state=deleted', ['d']],
  ['vm_state=active&vm_state=stopped', 400],
  ['status=shutoff', ['a']],
  ['status=SHUTOFF&status=REBOOT', ['c', 'a']],
  ['status=ACTIVE', ['c', 'b']],
  ['status=DELETED', ['d']],
  ['status=DELETED&status=SHUTOFF', ['d', 'a']],
  ['status=nonsense', []],
  ['status=ACTIVE&vm_state=stopped', []],
  ['task_state=rebooting', ['c']],
  ['power_state=4', ['a']],
  ['power_state=9', []],
  ['name=web', ['b', 'a']],
  ['name=WEB', []],
  ['name=%5Eweb-1%24', ['a']],
  ['name=db%7C2', ['c', 'b']],
  ['name=', 400],
  ['name=(', 400],
  ['name=(%3F%3Da)', 400],
  ['name=a&name=b', 400],
  ['display_name=%5Edb', ['c']],
  ['description=first', ['a']],
  ['display_description=%5Ef.*t%24', ['a']],
  ['host=host2', ['a']],
  ['host=host', []],
  ['hostname=alph', ['a']],
  ['node=node2', ['a']],
  ['flavor=1', LIVING],
  ['flavor=2', []],
  ['flavor=none', []],
  ['image=other', ['a']],
  ['image_ref=other', ['a']],
  [`image=${CIRROS}`, ['c', 'b']],
  ['ip=10.0.0.5', ['b', 'a']],
  ['ip=%5E10%5C.0%5C.0%5C.5%24', ['a']],
  ['ip=0.0.5', []],
  ['ip=(', 400],
  ['ip6=.', []],
  ['ip=10.0.0.55&ip6=.', ['b']],
  ['uuid=00000000-0000-4000-8000-00000000000a', ['a']],
  ['uuid=x', []],
  ['user_id=alice', ['a']],
  ['project_id=ac3e', ['e']],
  ['tenant_id=ac3e', ['e']],
  ['tenant_id=ac3e&project_id=demo', []],
  ['all_tenants=1&tenant_id=ac3e', ['e']],
  ['all_tenants=1', ['e', ...LIVING]],
  ['all_tenants', ['e', ...LIVING]],
  ['all_tenants=0', LIVING],
  ['all_tenants=perhaps', 400],
  ['reservation_id=r-a', ['a']],
  ['key_name=k', ['a']],
  ['kernel_id=kern', ['a']],
  ['ramdisk_id=ram', ['a']],
  ['locked_by=owner', ['a']],
  ['root_device_name=vda', ['a']],
  ['launch_index=7', ['a']],
  ['progress=55', ['a']],
  ['availability_zone=north', ['a']],
  ['access_ip_v4=192', ['a']],
  ['access_ip_v6=db8', ['a']],
  ['auto_disk_config=true', ['a']],
  ['auto_disk_config=0', ['c', 'b']],
  ['config_drive=True', ['a']],
  ['config_drive=False', ['c', 'b']],
  ['config_drive=x', 400],
  ['launched_at=2026-02-02T02:02', ['a']],
  ['terminated_at=03:03:03.000000', ['a']],
  ['created_at=Z%24', LIVING],
  ['created_at=%5E1999', []],
  ['deleted=true', ['d']],
  ['deleted=false', LIVING],
  ['deleted=perhaps', 400],
  ['soft_deleted=true', LIVING],
  ['soft_deleted=perhaps', 400],
  ['changes-since=2020-01-01T00:00:00Z', ['d', ...LIVING]],
  ['changes-since=2020-01-01&deleted=false', LIVING],
  ['changes-since=2999-01-01T00:00:00%2B02:00', []],
  ['changes-since=2026-02-30', 400],
  ['changes-since=9999-12-31T23:59:59Z', []],
  ['changes-since=9999-12-31T23:59:59-01:00', 400],
  ['changes-since=0000-01-01T00:00:00%2B01:00', 400],
  ['changes-since=yesterday', 400],
  ['limit=2', ['c', 'b']],
  ['limit=0', []],
  ['limit=99999999999999999999', LIVING],
  ['limit=-1', 400],
  ['limit=', 400],
  ['limit=1.5', 400],
  ['marker=00000000-0000-4000-8000-00000000000a', []],
  ['marker=none', 400],
  ['sort_key=display_name&sort_dir=asc', ['c', 'a', 'b']],
  ['sort_key=power_state', ['a', 'c', 'b']],
  ['sort_dir=asc', ['a', 'b', 'c']],
  ['sort_key=host&sort_key=display_name&sort_dir=asc&sort_dir=desc', ['b', 'c', 'a']],
  ['sort_key=id', 400],
  ['sort_key=memory_mb', 400],
  ['sort_dir=up', 400],
  ['sort_dir=asc&sort_dir=asc', 400],
];

/** Parameters that Nova has in later versions or for other tables, or ignores; and unknown ones. */
const unknown = [
  'foo',
  'tags',
  'not-tags-any',
  'changes-before',
  'locked',
  'metadata',
  'system_metadata',
  '_private',
  'instance_name',
  'offset',
  'page_size',
  'constructor',
  '__proto__',
  'Limit',
  'property-*',
];

const flavorQuestions: [query: string, found: string[] | 400][] = [
  ['', ['1', '2', '3', '4', '5']],
  ['limit=2', ['1', '2']],
  ['limit=0', []],
  ['limit=x', 400],
  ['limit=1&limit=2', 400],
  ['marker=3', ['4', '5']],
  ['marker=9', 400],
  ['is_public=None', ['1', '2', '3', '4', '5', 'own']],
  ['is_public=false', ['own']],
  ['is_public=true&limit=1', ['1']],
  ['is_public=perhaps', 400],
  ['minRam=4096', ['3', '4', '5']],
  ['minRam=-1', ['1', '2', '3', '4', '5']],
  ['minRam=99999999999', []],
  ['minRam=much', 400],
  ['minDisk=80&is_public=none', ['4', '5', 'own']],
  ['minDisk=1.5', 400],
  ['sort_key=memory_mb&sort_dir=desc', ['5', '4', '3', '2', '1']],
  ['sort_key=name&sort_dir=asc&limit=2&marker=2', ['1', '5']],
  ['sort_key=nothing', 400],
  ['sort_dir=up', 400],
];

/** The same queries to the API on each database. */
export function describeLists(title: string, database: () => Promise<ApiFixtureOptions>): void {
  describe(title, () => {
    it('finds the right servers for each query', async () => {
      const { get, names } = await withServers(await database());
      const answers: typeof serverQuestions = [];
      for (const [query] of serverQuestions) {
        const { status, body } = await get(`/v2.1/servers?${query}`);
        const detailed = await get(`/v2.1/servers/detail?${query}`);
        expect([query, detailed.status]).toEqual([query, status]);
        answers.push([query, status === 200 ? names(body.servers) : (status as 400)]);
        if (status === 200) expect(names(detailed.body.servers)).toEqual(names(body.servers));
      }
      expect(answers).toEqual(serverQuestions);
    });

    it('finds the right flavors for each query', async () => {
      const { get } = await withFlavors(await database());
      const answers: typeof flavorQuestions = [];
      for (const [query] of flavorQuestions) {
        const { status, body } = await get(`/v2.1/flavors?${query}`);
        expect([query, (await get(`/v2.1/flavors/detail?${query}`)).status]).toEqual([query, status]);
        const ids = body.flavors?.map(({ id }: { id: string }) => id);
        answers.push([query, status === 200 ? ids : (status as 400)]);
      }
      expect(answers).toEqual(flavorQuestions);
    });

    it('links to the next page with all parameters of the query', async () => {
      const { get, names } = await withServers({ ...(await database()), maxLimit: 2 });
      const query =
        'sort_key=display_name&sort_dir=asc&name=b&changes-since=2020-01-01&all_tenants=1&limit=2';
      const first = await get(`/v2.1/servers/detail?${query}&deleted=0`);
      expect(names(first.body.servers)).toEqual(['c', 'a']);
      const { pathname, search, searchParams } = new URL(first.body.servers_links[0].href);
      expect(Object.fromEntries(searchParams)).toEqual({
        ...Object.fromEntries(new URLSearchParams(query)),
        deleted: '0',
        marker: servers.a?.uuid,
      });
      const second = await get(pathname + search);
      expect(names(second.body.servers)).toEqual(['b']);
      expect(second.body).not.toHaveProperty('servers_links');
      const flavors = await get('/v2.1/flavors?minRam=2048&sort_key=memory_mb&sort_dir=desc');
      expect(new URL(flavors.body.flavors_links[0].href).search).toBe(
        '?minRam=2048&sort_dir=desc&sort_key=memory_mb&marker=4',
      );
    });

    it('lists every item once over all pages, however the list is sorted', async () => {
      const { get, names } = await withServers({ ...(await database()), maxLimit: 1 });
      for (const sort of ['sort_key=host', 'sort_key=key_name&sort_dir=asc', 'sort_key=config_drive']) {
        const seen: string[] = [];
        for (let url = `/v2.1/servers?${sort}`; url !== ''; ) {
          const { body } = await get(url);
          seen.push(...names(body.servers));
          const next = body.servers_links && new URL(body.servers_links[0].href);
          url = next ? next.pathname + next.search : '';
        }
        expect([sort, [...seen].sort()]).toEqual([sort, ['a', 'b', 'c']]);
      }
    });
  });
}

/** Checks that the tables above leave out no parameter. */
export function describeQuestions(): void {
  it.each([
    ['servers', serverParameters, serverQuestions],
    ['flavors', flavorParameters, flavorQuestions],
  ])('every parameter of %s is in a query', (_list, parameters, questions) => {
    const asked = new Set(questions.flatMap(([query]) => [...new URLSearchParams(query).keys()]));
    expect([...asked].sort()).toEqual(Object.keys(parameters).sort());
  });

  it.each([
    '/servers',
    '/servers/detail',
    '/flavors',
    '/flavors/detail',
    '/flavors/1/os-extra_specs',
    '/images',
    '/images/detail',
    '/os-networks',
    '/os-services',
    '/os-hypervisors',
    '/os-hypervisors/detail',
    '/servers/00000000-0000-4000-8000-00000000000a/os-interface',
  ])('%s refuses unknown parameters', async (path) => {
    const { get } = await withServers({});
    expect((await get(`/v2.1${path}`)).status).toBe(200);
    for (const name of unknown) {
      const isKnown = path.startsWith('/images') && name === 'property-*';
      if (isKnown) continue;
      const { status, body } = await get(`/v2.1${path}?${name}=1`);
      expect([name, status]).toEqual([name, 400]);
      expect(body.badRequest.message).toBe(
        `Additional properties are not allowed ('${name}' was unexpected)`,
      );
    }
  });

  it('finds services by host and name, and leaves out nova-api', async () => {
    const { get, compute, stores } = await apiFixture();
    await compute('host1');
    await compute('host2');
    const api = {
      host: 'host1',
      binary: 'nova-osapi_compute',
      topic: 'x',
      version: 0,
      last_seen_up: new Date(),
    };
    await stores.services.create(new Service(api));
    const hosts = async (query: string) =>
      (await get(`/v2.1/os-services?${query}`)).body.services?.map(({ host }: { host: string }) => host);
    expect(await hosts('')).toEqual(['host1', 'host2']);
    expect(await hosts('host=host2&binary=nova-compute')).toEqual(['host2']);
    expect(await hosts('binary=nova-osapi_compute')).toEqual([]);
    expect(await hosts('host=')).toEqual([]);
    expect(await hosts('host=host1&host=host2')).toBeUndefined();
  });
}

async function withServers(options: ApiFixtureOptions) {
  const fixture: ApiFixture = await apiFixture(options);
  const { db, instance, networkId, stores } = fixture;
  const uuids = new Map<string, string>();
  for (const [letter, values] of Object.entries(servers)) {
    const { uuid } = await instance({ uuid: randomUUID(), ...values });
    uuids.set(uuid, letter);
    if (letter === 'd') await stores.instances.destroy(await stores.instances.getByUuid(uuid));
    const fixedIp = { a: '10.0.0.5', b: '10.0.0.55' }[letter];
    if (fixedIp) await allocatePort(db, { networkUuid: networkId, deviceUuid: uuid, fixedIp, host: null });
  }
  return {
    ...fixture,
    names: (found: { id: string }[]) => found.map(({ id }) => uuids.get(id) ?? id),
  };
}

async function withFlavors(options: ApiFixtureOptions) {
  const fixture = await apiFixture(options);
  const own = { name: 'own', flavorid: 'own', memory_mb: 1, vcpus: 1, root_gb: 100, is_public: false };
  await fixture.stores.flavors.create(new Flavor(own));
  return fixture;
}
