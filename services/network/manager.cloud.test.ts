import { randomUUID } from 'node:crypto';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { InstanceStore } from '@mini-nova/data/instances/store';
import { migrate } from '@mini-nova/data/migrate';
import { ensureNetwork } from '@mini-nova/data/networks/queries';
import { allocatePort, findPort } from '@mini-nova/data/ports/queries';
import {
  FixedIpAlreadyInUse,
  InstanceNotFound,
  InterfaceAttachFailedNoNetwork,
  InvalidFixedIp,
  NetworkNotFound,
  NoMoreFixedIps,
  PortInUse,
  PortNotFound,
} from '@mini-nova/domain/exceptions';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { NetworkRequest, NetworkRequestList } from '@mini-nova/objects';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InstancePorts } from './manager.ts';

let db: Database;
let ports: InstancePorts;
let privateNetwork: string;
let tinyNetwork: string;
let vm: string;

beforeEach(async () => {
  db = await openDatabase('sqlite://');
  await migrate(db);
  privateNetwork = (await ensureNetwork(db.kysely, { label: 'private', cidr: '10.0.0.0/24' })).uuid;
  tinyNetwork = (await ensureNetwork(db.kysely, { label: 'tiny', cidr: '10.1.0.0/30' })).uuid;
  ports = new InstancePorts(db, { defaultNetwork: 'private' });
  vm = await newVm();
});

afterEach(() => db.close());

async function newVm(): Promise<string> {
  const instance = newInstance();
  await new InstanceStore(db.kysely).create(instance);
  return instance.uuid;
}

function requests(
  ...values: { network_id?: string; port_id?: string; address?: string }[]
): NetworkRequestList {
  return new NetworkRequestList({ objects: values.map((value) => new NetworkRequest(value)) });
}

function allocate(requested_networks: NetworkRequestList | null = null, instance_uuid = vm, host = 'host1') {
  return ports.allocate({ instance_uuid, project_id: 'p1', host, requested_networks });
}

async function freePort(networkUuid = privateNetwork): Promise<string> {
  return (await allocatePort(db, { networkUuid, deviceUuid: null, host: null, createdForInstance: false }))
    .uuid;
}

const addressesOf = (vifs: VirtualInterface[]) =>
  vifs.map(({ network }) => network.subnets[0]?.ips[0]?.address);

it('gives an instance that asks for nothing a port on the default network', async () => {
  const [vif] = await allocate();

  expect(vif).toMatchObject({
    address: expect.stringMatching(/^fa:16:3e:/),
    active: true,
    preserve_on_delete: false,
    network: { id: privateNetwork, label: 'private' },
  });
  expect(vif?.network.subnets[0]).toMatchObject({
    cidr: '10.0.0.0/24',
    gateway: { address: '10.0.0.1' },
    ips: [{ address: '10.0.0.2', type: 'fixed' }],
  });
});

it('gives ports on the requested networks, with the requested addresses, and binds requested ports', async () => {
  const port_id = await freePort();

  const vifs = await allocate(
    requests({ network_id: tinyNetwork }, { network_id: privateNetwork, address: '10.0.0.9' }, { port_id }),
  );

  expect(addressesOf(vifs).sort()).toEqual(['10.0.0.2', '10.0.0.9', '10.1.0.2']);
  expect(vifs.find(({ id }) => id === port_id)).toMatchObject({ preserve_on_delete: true, active: true });
});

it('lists the ports in the order of the request, whichever existed before', async () => {
  const port_id = await freePort();
  const wanted = ['10.0.0.9', '10.0.0.5', '10.0.0.7', '10.0.0.2', '10.0.0.6'];
  const asked = wanted.map((address) =>
    address === '10.0.0.2' ? { port_id } : { network_id: privateNetwork, address },
  );

  await allocate(requests(...asked));
  await allocate();

  expect(addressesOf(await ports.list(vm))).toEqual(wanted);
});

it.each([
  ['none', 0],
  ['auto', 1],
])('treats the network "%s" as Nova does', async (network_id, count) => {
  expect(await allocate(requests({ network_id }))).toHaveLength(count);
});

it('returns the existing ports to a repeated request, bound to the host the instance is on now', async () => {
  const first = await allocate();

  const again = await allocate(null, vm, 'host2');

  expect(again).toEqual(first);
  expect((await findPort(db.kysely, first[0]?.id ?? ''))?.host).toBe('host2');
});

it('gives many instances different addresses in concurrent requests', async () => {
  const vms = await Promise.all(Array.from({ length: 20 }, newVm));

  const vifs = await Promise.all(vms.map((uuid) => allocate(null, uuid)));

  expect(new Set(addressesOf(vifs.flat())).size).toBe(20);
});

it('allocates all ports of a request or none', async () => {
  const taken = (await allocate(requests({ network_id: tinyNetwork }), await newVm()))[0]?.id;

  await expect(allocate(requests({ network_id: privateNetwork }, { port_id: taken ?? '' }))).rejects.toThrow(
    PortInUse,
  );

  expect(await ports.list(vm)).toEqual([]);
});

it('refuses networks and ports that do not exist, and addresses that are taken or out of range', async () => {
  await allocate(requests({ network_id: tinyNetwork }), await newVm());
  await allocate(requests({ network_id: privateNetwork, address: '10.0.0.9' }), await newVm());

  await expect(allocate(requests({ network_id: randomUUID() }))).rejects.toThrow(NetworkNotFound);
  await expect(allocate(requests({ port_id: randomUUID() }))).rejects.toThrow(PortNotFound);
  await expect(allocate(requests({ network_id: tinyNetwork }))).rejects.toThrow(NoMoreFixedIps);
  await expect(allocate(requests({ network_id: privateNetwork, address: '10.0.0.9' }))).rejects.toThrow(
    FixedIpAlreadyInUse,
  );
  await expect(allocate(requests({ network_id: privateNetwork, address: '10.9.0.9' }))).rejects.toThrow(
    InvalidFixedIp,
  );
});

it('allocates nothing for a deleted instance', async () => {
  await new InstanceStore(db.kysely).destroy(newInstance({ uuid: vm }));

  await expect(allocate()).rejects.toThrow(InstanceNotFound);
  expect(await ports.list(vm)).toEqual([]);
});

it('releases ports, also repeatedly: deletes its own and unbinds those of the user', async () => {
  const port_id = await freePort();
  const vifs = await allocate(requests({ network_id: privateNetwork }, { port_id }));
  const own = vifs.find(({ id }) => id !== port_id)?.id ?? '';

  await ports.release(vm);
  await ports.release(vm);

  expect(await findPort(db.kysely, own)).toBeUndefined();
  expect(await findPort(db.kysely, port_id)).toMatchObject({ device_uuid: null, host: null });
});

it('adds and releases one port', async () => {
  const [first] = await allocate();
  const wish = { instance_uuid: vm, project_id: 'p1', host: 'host1', network_id: null, port_id: null };

  const added = await ports.allocateOne({ ...wish, requested_ip: '10.0.0.50' });
  expect(addressesOf(await ports.list(vm)).sort()).toEqual(['10.0.0.2', '10.0.0.50']);

  await ports.releaseOne(vm, added.id);
  expect(await ports.list(vm)).toEqual([first]);
});

it('does not release a port of another instance', async () => {
  const [theirs] = await allocate(null, await newVm());

  await ports.releaseOne(vm, theirs?.id ?? '');

  expect(await findPort(db.kysely, theirs?.id ?? '')).toBeDefined();
});

it('refuses an interface that names no network when there is no default network', async () => {
  const elsewhere = new InstancePorts(db, { defaultNetwork: 'gone' });
  const attachment = { instance_uuid: vm, project_id: 'p1', host: 'host1', requested_ip: null };

  await expect(elsewhere.allocateOne({ ...attachment, network_id: null, port_id: null })).rejects.toThrow(
    new InterfaceAttachFailedNoNetwork({ project_id: 'p1' }),
  );
  const named = { ...attachment, network_id: privateNetwork, port_id: null };
  expect(await elsewhere.allocateOne(named)).toMatchObject({ network: { id: privateNetwork } });
});
