import { allocatePort } from '@mini-nova/data/ports/queries';
import type { PortRow } from '@mini-nova/data/ports/table';
import { FixedIpAlreadyInUse } from '@mini-nova/domain/exceptions';
import { Target } from '@mini-nova/messaging';
import { type ApiFixture, apiFixture } from '@mini-nova/services-testing/api-fixture';
import { expect, test } from 'vitest';

const COMPUTE = new Target({ topic: 'compute', server: 'host1', version: '6.1' });

/** A server on host1 with one port, and a compute that answers as told. */
async function withServer(answers: Record<string, (args: object) => unknown> = {}) {
  const fixture = await apiFixture();
  await fixture.compute('host1');
  await fixture.listen(COMPUTE, { attach_interface: () => null, detach_interface: () => null, ...answers });
  const { uuid } = await fixture.instance();
  const port = await newPort(fixture, uuid);
  return { ...fixture, uuid, port, url: `/v2.1/servers/${uuid}/os-interface` };
}

async function newPort({ db, networkId }: ApiFixture, deviceUuid: string | null): Promise<PortRow> {
  return allocatePort(db, { networkUuid: networkId, deviceUuid, host: deviceUuid && 'host1' });
}

test('lists and shows the interfaces of a server', async () => {
  const { get, url, port, networkId } = await withServer();
  const { interfaceAttachments } = (await get(url)).body;
  expect(interfaceAttachments).toEqual([
    {
      port_id: port.uuid,
      net_id: networkId,
      mac_addr: port.mac_address,
      port_state: 'ACTIVE',
      fixed_ips: [{ ip_address: '10.0.0.2', subnet_id: networkId }],
    },
  ]);
  expect((await get(`${url}/${port.uuid}`)).body.interfaceAttachment).toEqual(interfaceAttachments[0]);
});

test("another server's port is 404", async () => {
  const fixture = await withServer();
  const other = await newPort(fixture, null);
  expect((await fixture.get(`${fixture.url}/${other.uuid}`)).status).toBe(404);
  expect((await fixture.send('DELETE', `${fixture.url}/${other.uuid}`)).status).toBe(404);
});

test('attaches an interface by asking the compute, and shows its port', async () => {
  let attached: PortRow | undefined;
  const fixture = await withServer({ attach_interface: () => ({ id: attached?.uuid }) });
  attached = await newPort(fixture, fixture.uuid);
  const { status, body } = await fixture.send('POST', fixture.url, {
    interfaceAttachment: { net_id: fixture.networkId, fixed_ips: [{ ip_address: '10.0.0.9' }] },
  });
  expect({ status, port: body.interfaceAttachment.port_id }).toEqual({ status: 200, port: attached.uuid });
  expect(fixture.received[0]).toMatchObject({
    method: 'attach_interface',
    args: { network_id: fixture.networkId, port_id: null, requested_ip: '10.0.0.9', tag: null },
  });
});

test('asks for the default network when nothing is named', async () => {
  const fixture = await withServer();
  fixture.dependencies.compute.attachInterface = async () => ({ id: fixture.port.uuid }) as never;
  expect((await fixture.send('POST', fixture.url)).status).toBe(200);
  expect((await fixture.send('POST', fixture.url, {})).status).toBe(200);
});

test('passes on why the compute could not attach', async () => {
  const fixture = await withServer({
    attach_interface: () => {
      throw new FixedIpAlreadyInUse({ address: '10.0.0.2', net: 'private' });
    },
  });
  const { status, body } = await fixture.send('POST', fixture.url, {
    interfaceAttachment: { net_id: fixture.networkId, fixed_ips: [{ ip_address: '10.0.0.2' }] },
  });
  expect({ status, message: body.conflictingRequest.message }).toEqual({
    status: 409,
    message: 'Fixed IP address 10.0.0.2 is already in use on network private.',
  });
});

test('says what is wrong with an attachment', async () => {
  const { send, url, networkId, port } = await withServer();
  const message = async (interfaceAttachment: object) =>
    (await send('POST', url, { interfaceAttachment })).body.badRequest.message;
  expect(await message({ net_id: networkId, port_id: port.uuid })).toMatch(/both network_id and port_id/);
  expect(await message({ fixed_ips: [{ ip_address: '10.0.0.9' }] })).toMatch(/Must input network_id/);
  expect(await message({ net_id: 'x' })).toMatch(/attribute net_id\. It is not a 'uuid'/);
  expect(await message({ net_id: networkId, fixed_ips: [{ ip_address: '300.0.0.1' }] })).toMatch(
    /attribute ip_address\. It is not a 'ipv4'/,
  );
});

test('detaches an interface: 202, and a cast to the compute', async () => {
  const { send, url, port, received } = await withServer();
  expect(await send('DELETE', `${url}/${port.uuid}`)).toMatchObject({ status: 202, body: undefined });
  await expect
    .poll(() => received)
    .toMatchObject([{ method: 'detach_interface', args: { port_id: port.uuid } }]);
});

test('a server that is busy gets and loses no interface', async () => {
  const { send, instance, compute } = await apiFixture();
  await compute('host1');
  const { uuid } = await instance({ task_state: 'rebooting' });
  const answer = await send('POST', `/v2.1/servers/${uuid}/os-interface`, { interfaceAttachment: {} });
  expect(answer.body.conflictingRequest.message).toBe(
    `Cannot 'attach_interface' instance ${uuid} while it is in task_state rebooting`,
  );
});
