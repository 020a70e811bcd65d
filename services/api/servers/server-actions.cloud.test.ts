import { computeRpc } from '@mini-nova/compute/rpcapi';
import {
  ensureProvider,
  insertAllocations,
  listAllocationsOfConsumer,
} from '@mini-nova/data/allocations/queries';
import { allocatePort, listPortsOfDevice } from '@mini-nova/data/ports/queries';
import { DatabaseUnavailable } from '@mini-nova/database';
import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { powerOperationNames, powerOperations } from '@mini-nova/domain/operations';
import { Target } from '@mini-nova/messaging';
import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { neverSettled, untilCancelled } from '@mini-nova/services-testing/hanging-casts';
import { expect, onTestFinished, test, vi } from 'vitest';
import { serverActions } from '../operations/index.ts';
import type { ServerAction } from '../operations/server-action.ts';

const COMPUTE = new Target({ topic: 'compute', server: 'host1', version: '6.1' });

const powerMethods = powerOperationNames.map(
  (name) => computeRpc.methods[powerOperations[name].request.method].wireName,
);

async function withCompute() {
  const fixture = await apiFixture();
  await fixture.compute('host1');
  await fixture.listen(COMPUTE, {
    ...Object.fromEntries(powerMethods.map((method) => [method, () => null])),
    terminate_instance: () => null,
    get_console_output: () => 'line\u0007 one\r\nline two\n',
  });
  return fixture;
}

const actions: [name: string, body: object, vmState: string, taskState: string, method: string][] = [
  ['os-start', { 'os-start': null }, 'stopped', 'powering-on', 'start_instance'],
  ['os-stop', { 'os-stop': null }, 'active', 'powering-off', 'stop_instance'],
  ['a soft reboot', { reboot: { type: 'SOFT' } }, 'active', 'rebooting', 'reboot_instance'],
  ['a hard reboot', { reboot: { type: 'Hard' } }, 'error', 'rebooting_hard', 'reboot_instance'],
  [
    'a hard reboot of what is paused',
    { reboot: { type: 'HARD' } },
    'paused',
    'rebooting_hard',
    'reboot_instance',
  ],
  ['pause', { pause: null }, 'active', 'pausing', 'pause_instance'],
  ['unpause', { unpause: null }, 'paused', 'unpausing', 'unpause_instance'],
];

test.each(actions)(
  '%s is accepted, marked as task and sent to the host',
  async (_name, body, vm_state, task, method) => {
    const { send, instance, received, stores } = await withCompute();
    const { uuid } = await instance({ vm_state });
    const { status, body: answer } = await send('POST', `/v2.1/servers/${uuid}/action`, body);
    expect({ status, answer }).toEqual({ status: 202, answer: undefined });
    expect((await stores.instances.getByUuid(uuid)).task_state).toBe(task);
    await expect.poll(() => received).toMatchObject([{ method }]);
    expect(received[0]?.args.instance.task_state).toBe(task);
  },
);

const conflicts: [name: string, body: object, states: object, message: string][] = [
  ['start', { 'os-start': null }, { vm_state: 'active' }, 'vm_state active'],
  [
    'start',
    { 'os-start': null },
    { vm_state: 'stopped', task_state: 'powering-on' },
    'task_state powering-on',
  ],
  ['stop', { 'os-stop': null }, { vm_state: 'building', task_state: 'spawning' }, 'vm_state building'],
  ['reboot', { reboot: { type: 'SOFT' } }, { vm_state: 'stopped' }, 'vm_state stopped'],
  ['reboot', { reboot: { type: 'HARD' } }, { task_state: 'deleting' }, 'task_state deleting'],
  ['pause', { pause: null }, { vm_state: 'paused' }, 'vm_state paused'],
  ['pause', { pause: null }, { task_state: 'rebooting' }, 'task_state rebooting'],
  ['unpause', { unpause: null }, { vm_state: 'active' }, 'vm_state active'],
];

test.each(conflicts)('%s %o in %o is 409, and nothing is sent', async (action, body, states, message) => {
  const { send, instance, received } = await withCompute();
  const { uuid } = await instance(states);
  const { status, body: answer } = await send('POST', `/v2.1/servers/${uuid}/action`, body);
  expect(status).toBe(409);
  expect(answer.conflictingRequest).toEqual({
    code: 409,
    message: `Cannot '${action}' instance ${uuid} while it is in ${message}`,
  });
  expect(received).toEqual([]);
});

test('a server that was never active cannot be stopped', async () => {
  const { send, instance } = await withCompute();
  const { uuid } = await instance({ vm_state: 'error', launched_at: null });
  expect(await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-stop': null })).toMatchObject({
    status: 409,
  });
});

test('of two stops at once one is accepted', async () => {
  const { send, instance, received, stores } = await withCompute();
  const { uuid } = await instance();
  const stale = await stores.instances.getByUuid(uuid);
  await send('POST', `/v2.1/servers/${uuid}/action`, { reboot: { type: 'SOFT' } });
  // The second request read the state before the first was saved.
  stores.instances.getByUuid = async () => stale;
  const second = await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-stop': null });
  expect(second.body.conflictingRequest.message).toMatch(/Cannot 'stop' .* task_state rebooting$/);
  await expect.poll(() => received.length).toBe(1);
});

test('an action on a server whose compute is down is 503, and changes nothing', async () => {
  const { send, instance, compute, stores } = await apiFixture();
  await compute('host1', { up: false });
  const { uuid } = await instance();
  const { status, body } = await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-stop': null });
  expect({ status, message: body.serviceUnavailable.message }).toEqual({
    status: 503,
    message: 'Service is unavailable at this time. The compute service of host host1 is down.',
  });
  expect((await stores.instances.getByUuid(uuid)).task_state).toBeNull();
});

test('an action that the bus does not take is 503, and the server is as before', async () => {
  const { send, instance, dependencies, stores, compute } = await apiFixture({ castTimeout: 0.05 });
  await compute('host1');
  dependencies.compute.stopInstance = (_ctxt, _args, options) => untilCancelled(options);
  const { uuid } = await instance();
  expect(await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-stop': null })).toMatchObject({
    status: 503,
  });
  expect((await stores.instances.getByUuid(uuid)).task_state).toBeNull();
});

test('an action that is refused while the database is away is undone when it is back', async () => {
  const { send, instance, dependencies, stores, compute } = await apiFixture({ castTimeout: 0.05 });
  await compute('host1');
  const { uuid } = await instance();
  const { instances } = stores;
  const update = instances.update.bind(instances);
  let away = false;
  instances.update = (...args) => (away ? Promise.reject(new DatabaseUnavailable('gone')) : update(...args));
  dependencies.compute.stopInstance = (_ctxt, _args, options) => {
    away = true;
    return untilCancelled(options);
  };
  expect(await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-stop': null })).toMatchObject({
    status: 503,
  });
  expect((await instances.getByUuid(uuid)).task_state).toBe('powering-off');
  away = false;
  await expect.poll(async () => (await instances.getByUuid(uuid)).task_state).toBeNull();
});

test('an action that may have been sent is accepted: the conductor has it carried out at the latest', async () => {
  const { send, instance, dependencies, stores, compute } = await apiFixture({ castTimeout: 0.05 });
  await compute('host1');
  dependencies.compute.stopInstance = neverSettled;
  const { uuid } = await instance();
  expect(await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-stop': null })).toMatchObject({
    status: 202,
  });
  expect((await stores.instances.getByUuid(uuid)).task_state).toBe('powering-off');
});

test('gives the console output, without control characters', async () => {
  const { send, instance, received } = await withCompute();
  const { uuid } = await instance();
  const url = `/v2.1/servers/${uuid}/action`;
  const answer = await send('POST', url, { 'os-getConsoleOutput': { length: 10 } });
  expect(answer).toMatchObject({ status: 200, body: { output: 'line one\r\nline two\n' } });
  await send('POST', url, { 'os-getConsoleOutput': { length: '-1' } });
  await send('POST', url, { 'os-getConsoleOutput': {} });
  expect(received.map(({ args }) => args.tail_length)).toEqual([10, null, null]);
});

test('a server without a host has no console yet', async () => {
  const { send, instance } = await withCompute();
  const { uuid } = await instance({ vm_state: 'building', host: null });
  const { status, body } = await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-getConsoleOutput': {} });
  expect({ status, message: body.conflictingRequest.message }).toEqual({
    status: 409,
    message: `Instance ${uuid} is not ready`,
  });
});

test('says what is wrong with an action', async () => {
  const { send, instance } = await withCompute();
  const { uuid } = await instance();
  const message = async (body: unknown) =>
    (await send('POST', `/v2.1/servers/${uuid}/action`, body)).body.badRequest.message;
  expect(await message({ rebuild: {} })).toBe('There is no such action: rebuild');
  expect(await message({ reboot: { type: 'SLOW' } })).toMatch(/attribute type\. It is not one of/);
  expect(await message({ reboot: null })).toMatch(/attribute reboot\. It is not of type 'object'/);
  expect(await message({ 'os-start': null, 'os-stop': null })).toMatch(/too many properties/);
  expect(await message({})).toMatch(/enough properties/);
  expect(await message({ toString: {} })).toBe('There is no such action: toString');
});

test('deletes a server on a host that is up by asking its compute', async () => {
  const { send, instance, received, stores } = await withCompute();
  const { uuid } = await instance({ vm_state: 'error' });
  expect(await send('DELETE', `/v2.1/servers/${uuid}`)).toMatchObject({ status: 204, body: undefined });
  await expect.poll(() => received).toMatchObject([{ method: 'terminate_instance' }]);
  expect((await stores.instances.getByUuid(uuid)).task_state).toBe('deleting');
  expect((await send('DELETE', `/v2.1/servers/${uuid}`)).status).toBe(204);
});

test('deletes at once a server that its host gives up while the request is checked', async () => {
  const { send, instance, received, stores } = await withCompute();
  const { instances } = stores;
  const { uuid } = await instance({ vm_state: 'building', task_state: 'spawning' });
  const seen = await instances.getByUuid(uuid);
  const rescheduled = await instances.getByUuid(uuid);
  Object.assign(rescheduled, { host: null, node: null, task_state: 'scheduling' });
  await instances.save(rescheduled);
  vi.spyOn(instances, 'getByUuid').mockResolvedValueOnce(seen);

  expect((await send('DELETE', `/v2.1/servers/${uuid}`)).status).toBe(204);

  await expect(instances.getByUuid(uuid)).rejects.toBeInstanceOf(InstanceNotFound);
  expect(received).toEqual([]);
});

test.each([
  ['whose compute is down', { host: 'host1' }],
  ['that is on no host', { host: null, node: null, vm_state: 'building', task_state: 'scheduling' }],
])('deletes a server %s at once, with its ports and allocations', async (_title, states) => {
  const { send, instance, compute, stores, db, networkId } = await apiFixture();
  await compute('host1', { up: false });
  const { uuid } = await instance(states);
  const at = new Date().toISOString();
  await allocatePort(db, { networkUuid: networkId, deviceUuid: uuid, host: 'host1' });
  await ensureProvider(db.kysely, { uuid: 'p', name: 'host1', at });
  const allocation = {
    consumer_uuid: uuid,
    provider_uuid: 'p',
    resource_class: 'VCPU',
    used: 1,
    created_at: at,
  };
  await insertAllocations(db.kysely, [allocation]);

  expect((await send('DELETE', `/v2.1/servers/${uuid}`)).status).toBe(204);

  await expect(stores.instances.getByUuid(uuid)).rejects.toBeInstanceOf(InstanceNotFound);
  expect(await listPortsOfDevice(db.kysely, uuid)).toEqual([]);
  expect(await listAllocationsOfConsumer(db.kysely, uuid)).toEqual([]);
});

test('an action that exists only in other microversions is 404, and not carried out', async () => {
  const { send, instance, received } = await withCompute();
  const { uuid } = await instance();
  const stop = serverActions.get('os-stop');
  const later = { schema: {}, run: stop?.run, microversions: { from: '2.2' } };
  vi.spyOn(serverActions, 'get').mockReturnValue(later as ServerAction);
  onTestFinished(() => void vi.restoreAllMocks());
  const { status, body } = await send('POST', `/v2.1/servers/${uuid}/action`, { 'os-stop': null });
  expect([status, body.itemNotFound?.message]).toEqual([
    404,
    'API version 2.1 is not supported on this method.',
  ]);
  expect(received).toEqual([]);
});
