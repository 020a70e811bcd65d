import { PowerState } from '@mini-nova/domain/states/power-state';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { expect, it } from 'vitest';
import { FakeDriver } from './virt/fake/fake-driver.ts';

const ctxt = RequestContext.admin();

/** Ends the compute and starts it anew. With a new fake driver, which keeps guests in memory, the guests are gone. */
async function restart(cloud: Cloud, host: string, driver = new FakeDriver(host)): Promise<void> {
  await cloud.computes.get(host)?.service.stop();
  await cloud.startCompute(host, driver);
}

it('keeps running instances manageable', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();

  await restart(cloud, 'host1');

  expect(await cloud.guests()).toEqual({ host1: [uuid] });
  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: null });
  await cloud.delete(uuid);
  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
});

it('keeps the record and the inventory of the node', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const [before] = await cloud.computeNodes.list();
  await cloud.bootActive();

  await restart(cloud, 'host1', new FakeDriver('host1', { vcpus: 16 }));

  const nodes = [...(await cloud.computeNodes.list())];
  expect(nodes).toHaveLength(1);
  expect(nodes[0]).toMatchObject({ uuid: before?.uuid, vcpus: 16, vcpus_used: 1, running_vms: 1 });
  expect([...(await cloud.services.list({ binary: 'nova-compute' }))]).toHaveLength(1);
});

it('puts an instance whose build was under way into ERROR with a fault, and gives back what it held', async () => {
  const cloud = await Cloud.start({ hosts: { host1: { spawn_delay: 60 } } });
  const [uuid = ''] = await cloud.boot();
  await cloud.reaches(uuid, 'spawning');

  await cloud.startCompute('host1', new FakeDriver('host1'));

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({
    vm_state: 'error',
    task_state: null,
    host: null,
  });
  expect((await cloud.fault(uuid))?.message).toMatch(/nova-compute on host1 was restarted.*spawning/);
  expect(await cloud.allocated()).toBe(0);
  expect(await cloud.ports.list(uuid)).toEqual([]);
});

it('puts an instance whose guest was already made into ERROR, and leaves the guest what it has', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  const driver = cloud.driver('host1');
  driver.initHost = async () => {};
  const before = { vm_state: 'building', task_state: 'spawning', launched_at: null };
  await cloud.db.kysely.updateTable('instances').set(before).where('uuid', '=', uuid).execute();

  await restart(cloud, 'host1', driver);

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'error', host: 'host1' });
  expect(await cloud.guests()).toEqual({ host1: [uuid] });
  expect([await cloud.allocated(), (await cloud.ports.list(uuid)).length]).toEqual([1, 1]);
});

it('finishes a deletion', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  await cloud.request(uuid, 'deleting');

  await restart(cloud, 'host1');

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
  expect(await cloud.guests()).toEqual({ host1: [] });
  expect(await cloud.allocated()).toBe(0);
});

it('finishes a deletion of which only the record is left', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  const deleted = { vm_state: 'deleted', task_state: null };
  await cloud.db.kysely.updateTable('instances').set(deleted).where('uuid', '=', uuid).execute();

  await restart(cloud, 'host1');

  expect(await cloud.instances.getByUuid(uuid, { includeDeleted: true })).toMatchObject({ deleted: true });
  expect(await cloud.guests()).toEqual({ host1: [] });
  expect([await cloud.allocated(), await cloud.ports.list(uuid)]).toEqual([0, []]);
});

it.each([
  ['powering-off', PowerState.SHUTDOWN, 'stopped', ['clean shutdown', 'clean shutdown']],
  ['powering-off', PowerState.RUNNING, 'stopped', ['clean shutdown']],
  ['powering-on', PowerState.SHUTDOWN, 'active', ['clean shutdown', 'start']],
  ['rebooting', PowerState.RUNNING, 'active', ['soft reboot']],
  ['reboot_started', PowerState.RUNNING, 'active', []],
  ['reboot_started_hard', PowerState.SHUTDOWN, 'active', ['clean shutdown', 'hard reboot']],
])(
  'carries out the operation of task state %s, with the guest in power state %s',
  async (taskState, powerState, vmState, events) => {
    const cloud = await Cloud.start({ hosts: { host1: {} } });
    const { uuid } = await cloud.bootActive();
    const instance = await cloud.request(uuid, taskState);
    const driver = cloud.driver('host1');
    // The fake driver keeps its guests here, as a real hypervisor would.
    driver.initHost = async () => {};
    if (powerState === PowerState.SHUTDOWN) await driver.powerOff(ctxt, instance, true);

    await restart(cloud, 'host1', driver);

    expect(await cloud.instances.getByUuid(uuid)).toMatchObject({
      vm_state: vmState,
      task_state: null,
      power_state: vmState === 'active' ? PowerState.RUNNING : PowerState.SHUTDOWN,
    });
    const console = await driver.getConsoleOutput(ctxt, instance);
    expect(console.match(/clean shutdown|start$|soft reboot|hard reboot/gm) ?? []).toEqual(events);
  },
);

it.each([
  ['active', 'pausing', PowerState.RUNNING, 'active', PowerState.RUNNING],
  ['active', 'pausing', PowerState.PAUSED, 'paused', PowerState.PAUSED],
  ['paused', 'unpausing', PowerState.RUNNING, 'active', PowerState.RUNNING],
  ['paused', 'unpausing', PowerState.PAUSED, 'active', PowerState.RUNNING],
  ['active', 'pausing', PowerState.SHUTDOWN, 'stopped', PowerState.SHUTDOWN],
  ['paused', 'unpausing', PowerState.SHUTDOWN, 'stopped', PowerState.SHUTDOWN],
])(
  'settles an instance that is %s and %s, with the guest in power state %s',
  async (vm_state, taskState, powerState, vmState, settled) => {
    const cloud = await Cloud.start({ hosts: { host1: {} } });
    const { uuid } = await cloud.bootActive();
    await cloud.instances.update(await cloud.instances.getByUuid(uuid), { vm_state });
    const instance = await cloud.request(uuid, taskState);
    const driver = cloud.driver('host1');
    driver.initHost = async () => {};
    if (powerState === PowerState.PAUSED) await driver.pause(ctxt, instance);
    if (powerState === PowerState.SHUTDOWN) await driver.powerOff(ctxt, instance, true);

    await restart(cloud, 'host1', driver);

    expect(await cloud.instances.getByUuid(uuid)).toMatchObject({
      vm_state: vmState,
      task_state: null,
      power_state: settled,
    });
    expect(await driver.getInfo(instance)).toEqual({ powerState: settled });
    expect((await cloud.fault(uuid)) !== undefined).toBe(powerState === PowerState.SHUTDOWN);
  },
);

/** An instance whose build the conductor ended while nobody answered here: its record stays on the host. */
async function endedElsewhere(): Promise<{ cloud: Cloud; uuid: string }> {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { uuid } = await cloud.bootActive();
  const ended = { vm_state: 'error', task_state: null, launched_at: null };
  await cloud.instances.update(await cloud.instances.getByUuid(uuid), ended);
  return { cloud, uuid };
}

it('removes what was left here by a build without a guest that was ended while the compute was away', async () => {
  const { cloud, uuid } = await endedElsewhere();

  await restart(cloud, 'host1');

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'error', host: null });
  expect(await cloud.allocated()).toBe(0);
  expect(await cloud.ports.list(uuid)).toEqual([]);
});

it('leaves the guest of such a build to the user, since it may be newer than its record', async () => {
  const { cloud, uuid } = await endedElsewhere();
  const driver = cloud.driver('host1');
  driver.initHost = async () => {};

  await restart(cloud, 'host1', driver);
  await cloud.runTasks('host1');

  expect(await cloud.guests()).toEqual({ host1: [uuid] });
  expect([await cloud.allocated(), (await cloud.ports.list(uuid)).length]).toEqual([1, 1]);
  await cloud.delete(uuid);
  await expect.poll(() => cloud.guests()).toEqual({ host1: [] });
});

it('leaves alone a build that was sent to another host after the list was read', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const here = { vm_state: 'building', task_state: 'spawning', host: 'host1', node: 'host1' };
  const gone = newInstance(here);
  const lost = newInstance(here);
  // Recovery takes the newer one first.
  for (const instance of [gone, lost]) await cloud.instances.create(instance);
  const project_id = 'p1';
  const ports = { instance_uuid: gone.uuid, project_id, host: 'host2', requested_networks: null };
  await cloud.ports.allocate(ports);
  const driver = new FakeDriver('host1');
  driver.destroy = async () => {
    await cloud.instances.update(gone, { host: 'host2', node: 'host2' });
  };

  await restart(cloud, 'host1', driver);

  expect(await cloud.instances.getByUuid(lost.uuid)).toMatchObject({ vm_state: 'error', host: null });
  expect(await cloud.instances.getByUuid(gone.uuid)).toMatchObject({ ...here, host: 'host2', node: 'host2' });
  expect(await cloud.ports.list(gone.uuid)).toHaveLength(1);
  expect(await cloud.fault(gone.uuid)).toBeUndefined();
});

it('waits for a conductor', async () => {
  const cloud = await Cloud.start({ hosts: {}, conductor: false });
  const starting = cloud.startCompute('host1', new FakeDriver('host1'));

  await cloud.startConductor();
  await starting;

  expect(await cloud.bootActive()).toMatchObject({ host: 'host1' });
});
