import { listNetworks } from '@mini-nova/data/networks/queries';
import { allocatePort, findPort } from '@mini-nova/data/ports/queries';
import { InterfaceAttachFailed, NoMoreFixedIps, PortInUse, PortNotFound } from '@mini-nova/domain/exceptions';
import { networkInfoOf } from '@mini-nova/domain/network-model';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { failSaves } from '@mini-nova/services-testing/failing-saves';
import { lossyDriver } from '@mini-nova/services-testing/lossy-driver';
import { expect, it } from 'vitest';

const anyPort = { network_id: null, port_id: null, requested_ip: null };

/** The ids of the instance's interfaces, by its record and by the network. */
async function interfaces(cloud: Cloud, uuid: string): Promise<{ recorded: string[]; bound: string[] }> {
  const recorded = networkInfoOf(await cloud.instances.getByUuid(uuid));
  const bound = await cloud.ports.list(uuid);
  return { recorded: recorded.map(({ id }) => id), bound: bound.map(({ id }) => id) };
}

async function freePort(cloud: Cloud): Promise<string> {
  const [network] = await listNetworks(cloud.db.kysely);
  const request = {
    networkUuid: network?.uuid ?? '',
    deviceUuid: null,
    host: null,
    createdForInstance: false,
  };
  return (await allocatePort(cloud.db, request)).uuid;
}

it('attaches one more interface, and detaches it', async () => {
  const cloud = await Cloud.start();
  const instance = await cloud.bootActive();

  const vif = await cloud.compute.attachInterface(cloud.ctxt, {
    instance,
    ...anyPort,
    requested_ip: '10.0.0.77',
  });
  expect(vif.network.subnets[0]?.ips[0]?.address).toBe('10.0.0.77');
  const attached = await interfaces(cloud, instance.uuid);
  expect(attached.recorded).toEqual(attached.bound);
  expect(attached.bound).toHaveLength(2);

  await cloud.compute.detachInterface(cloud.ctxt, { instance, port_id: vif.id });
  await expect.poll(async () => (await interfaces(cloud, instance.uuid)).recorded).toHaveLength(1);
  expect(await findPort(cloud.db.kysely, vif.id)).toBeUndefined();
});

it("binds a port of the user, which stays the user's when it is detached", async () => {
  const cloud = await Cloud.start();
  const instance = await cloud.bootActive();
  const port_id = await freePort(cloud);

  const vif = await cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort, port_id });
  expect(vif).toMatchObject({ id: port_id, preserve_on_delete: true });

  await cloud.compute.detachInterface(cloud.ctxt, { instance, port_id });
  await expect.poll(async () => (await findPort(cloud.db.kysely, port_id))?.device_uuid).toBeNull();
});

it('refuses a port that another instance uses, and one that does not exist', async () => {
  const cloud = await Cloud.start();
  const owner = await cloud.bootActive();
  const instance = await cloud.bootActive();
  const [taken = ''] = (await interfaces(cloud, owner.uuid)).bound;
  const attach = (port_id: string) =>
    cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort, port_id });

  await expect(attach(taken)).rejects.toThrow(PortInUse);
  await expect(attach('absent')).rejects.toThrow(PortNotFound);
  expect((await interfaces(cloud, instance.uuid)).bound).toHaveLength(1);
});

it('refuses a port that the instance already has, and leaves it attached', async () => {
  const cloud = await Cloud.start({ hosts: { host1: { fail_attach: true } } });
  const instance = await cloud.bootActive();
  const [port_id = ''] = (await interfaces(cloud, instance.uuid)).bound;

  const attaching = cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort, port_id });

  await expect(attaching).rejects.toThrow(PortInUse);
  expect((await interfaces(cloud, instance.uuid)).bound).toEqual([port_id]);
});

it('gives the port back when the host cannot attach it', async () => {
  const cloud = await Cloud.start({ hosts: { host1: { fail_attach: true } } });
  const instance = await cloud.bootActive();
  const port_id = await freePort(cloud);

  for (const request of [anyPort, { ...anyPort, port_id }]) {
    const attaching = cloud.compute.attachInterface(cloud.ctxt, { instance, ...request });
    await expect(attaching).rejects.toThrow(InterfaceAttachFailed);
  }

  expect((await interfaces(cloud, instance.uuid)).bound).toHaveLength(1);
  expect((await findPort(cloud.db.kysely, port_id))?.device_uuid).toBeNull();
});

it('gives back a port whose allocation was answered too late', async () => {
  const cloud = await Cloud.start({
    hosts: { host1: {} },
    computeDriver: (driver) =>
      lossyDriver(driver, ({ method }) => (method === 'allocate_port_for_instance' ? 'reply' : undefined)),
  });
  const instance = await cloud.bootActive();

  await expect(cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort })).rejects.toThrow(
    'the reply was lost',
  );

  const { recorded, bound } = await interfaces(cloud, instance.uuid);
  expect(bound).toEqual(recorded);
});

it('reports that the network is full', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const instance = await cloud.bootActive();
  const attach = () => cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort });

  for (let used = 1; used < 253; used += 1) await freePort(cloud);

  await expect(attach()).rejects.toThrow(NoMoreFixedIps);
});

it('records a fault when an interface could not be detached, whatever failed', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const instance = await cloud.bootActive();
  const vif = await cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort });
  await failSaves(cloud.db, 'new.info_cache <> old.info_cache');

  await cloud.compute.detachInterface(cloud.ctxt, { instance, port_id: vif.id });

  await expect
    .poll(async () => (await cloud.fault(instance.uuid))?.message)
    .toContain('the database failed as the test asked');
});

it('treats the detachment of an interface that is not attached as done', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const instance = await cloud.bootActive();

  await cloud.compute.detachInterface(cloud.ctxt, { instance, port_id: await freePort(cloud) });
  await cloud.computes.get('host1')?.service.stop();

  expect(await cloud.fault(instance.uuid)).toBeUndefined();
  expect((await interfaces(cloud, instance.uuid)).bound).toHaveLength(1);
});
