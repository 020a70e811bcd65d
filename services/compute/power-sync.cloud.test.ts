import { PowerState } from '@mini-nova/domain/states/power-state';
import type { Instance } from '@mini-nova/objects';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { expect, it } from 'vitest';

async function booted(): Promise<{ cloud: Cloud; instance: Instance }> {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  return { cloud, instance: await cloud.bootActive() };
}

/** One run of the compute's periodic task. */
async function sync(cloud: Cloud): Promise<void> {
  const tasks = cloud.computes.get('host1')?.manager.periodicTasks() ?? [];
  const task = tasks.find(({ name }) => name === 'sync_power_states');
  expect(task?.spacing).toBe(600);
  await task?.run(cloud.ctxt);
}

it('marks an instance as STOPPED when its guest has stopped by itself', async () => {
  const { cloud, instance } = await booted();
  await cloud.driver('host1').powerOff(cloud.ctxt, instance, true);

  await sync(cloud);

  const stopped = { vm_state: 'stopped', power_state: PowerState.SHUTDOWN };
  expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject(stopped);
  expect(await cloud.fault(instance.uuid)).toBeUndefined();
});

it('stops a guest that runs although its instance is STOPPED', async () => {
  const { cloud, instance } = await booted();
  await cloud.instances.update(instance, { vm_state: 'stopped', power_state: PowerState.SHUTDOWN });

  await sync(cloud);

  expect(await cloud.driver('host1').getInfo(instance)).toEqual({ powerState: PowerState.SHUTDOWN });
  expect((await cloud.instances.getByUuid(instance.uuid)).vm_state).toBe('stopped');
});

it('puts an instance whose guest is gone into ERROR, with a fault', async () => {
  const { cloud, instance } = await booted();
  await cloud.driver('host1').destroy(cloud.ctxt, instance);

  await sync(cloud);

  const lost = { vm_state: 'error', host: 'host1', power_state: PowerState.NOSTATE };
  expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject(lost);
  expect((await cloud.fault(instance.uuid))?.message).toBe('The guest is not on host host1.');
});

it('corrects the recorded power state', async () => {
  const { cloud, instance } = await booted();
  await cloud.instances.update(instance, { power_state: PowerState.SHUTDOWN });

  await sync(cloud);

  const running = { vm_state: 'active', power_state: PowerState.RUNNING };
  expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject(running);
});

it('leaves alone an instance with an operation under way', async () => {
  const { cloud, instance } = await booted();
  await cloud.driver('host1').powerOff(cloud.ctxt, instance, true);
  await cloud.request(instance.uuid, 'powering-on');

  await sync(cloud);

  const starting = { vm_state: 'active', task_state: 'powering-on', power_state: PowerState.RUNNING };
  expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject(starting);
});
