import { PowerState } from '@mini-nova/domain/states/power-state';
import type { Instance } from '@mini-nova/objects';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { expect, it } from 'vitest';

async function booted(fake = {}): Promise<{ cloud: Cloud; uuid: string }> {
  const cloud = await Cloud.start({ hosts: { host1: fake } });
  const { uuid } = await cloud.bootActive();
  return { cloud, uuid };
}

async function stop(cloud: Cloud, uuid: string): Promise<Instance> {
  await cloud.compute.stopInstance(cloud.ctxt, { instance: await cloud.request(uuid, 'powering-off') });
  return cloud.settled(uuid);
}

it('stops and starts the guest', async () => {
  const { cloud, uuid } = await booted();

  const stopped = await stop(cloud, uuid);
  expect(stopped).toMatchObject({ vm_state: 'stopped', power_state: PowerState.SHUTDOWN });
  expect(await cloud.driver('host1').getInfo(stopped)).toEqual({ powerState: PowerState.SHUTDOWN });

  await cloud.compute.startInstance(cloud.ctxt, { instance: await cloud.request(uuid, 'powering-on') });
  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'active', power_state: PowerState.RUNNING });
});

it('pauses and unpauses the guest', async () => {
  const { cloud, uuid } = await booted();

  await cloud.compute.pauseInstance(cloud.ctxt, { instance: await cloud.request(uuid, 'pausing') });
  const paused = await cloud.settled(uuid);
  expect(paused).toMatchObject({ vm_state: 'paused', power_state: PowerState.PAUSED });
  expect(await cloud.driver('host1').getInfo(paused)).toEqual({ powerState: PowerState.PAUSED });

  await cloud.compute.unpauseInstance(cloud.ctxt, { instance: await cloud.request(uuid, 'unpausing') });
  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'active', power_state: PowerState.RUNNING });
});

it('leaves a guest running, with a fault, when its host cannot pause it', async () => {
  const { cloud, uuid } = await booted({ fail_power: true });

  await cloud.compute.pauseInstance(cloud.ctxt, { instance: await cloud.request(uuid, 'pausing') });

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'active', power_state: PowerState.RUNNING });
  await expect.poll(async () => (await cloud.fault(uuid))?.message).toMatch(/told to fail this pause/);
});

it.each([
  ['SOFT', 'rebooting', ['reboot_pending', 'reboot_started', null]],
  ['HARD', 'rebooting_hard', ['reboot_pending_hard', 'reboot_started_hard', null]],
] as const)("reboots %s through Nova's task states", async (reboot_type, requested, expected) => {
  const { cloud, uuid } = await booted();
  const instance = await cloud.request(uuid, requested);
  const taskStates: (string | null)[] = [];
  cloud.instances.onStateChange(({ task_state }) => taskStates.push(task_state));

  await cloud.compute.rebootInstance(cloud.ctxt, { instance, reboot_type });

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'active', power_state: PowerState.RUNNING });
  expect(taskStates).toEqual(expected);
  expect(await cloud.driver('host1').getConsoleOutput(cloud.ctxt, instance)).toMatch(/ reboot$/);
});

it('starts a stopped guest by a hard reboot', async () => {
  const { cloud, uuid } = await booted();
  await stop(cloud, uuid);
  const instance = await cloud.request(uuid, 'rebooting_hard');

  await cloud.compute.rebootInstance(cloud.ctxt, { instance, reboot_type: 'HARD' });

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'active', power_state: PowerState.RUNNING });
});

it('leaves the instance as it is, with a fault, when the host fails', async () => {
  const { cloud, uuid } = await booted({ fail_power: true });

  expect(await stop(cloud, uuid)).toMatchObject({ vm_state: 'active', power_state: PowerState.RUNNING });
  await expect
    .poll(async () => (await cloud.fault(uuid))?.message)
    .toMatch(/told to fail this clean shutdown/);
});

it('does nothing when the request arrives late or twice', async () => {
  const { cloud, uuid } = await booted();
  const running = await cloud.instances.getByUuid(uuid);
  const manager = cloud.computes.get('host1')?.manager;

  await manager?.served.stopInstance(cloud.ctxt, { instance: running, clean_shutdown: true });
  const stopped = await stop(cloud, uuid);
  await manager?.served.startInstance(cloud.ctxt, { instance: stopped });

  const console = await cloud.driver('host1').getConsoleOutput(cloud.ctxt, stopped);
  expect(console.match(/clean shutdown/g)).toHaveLength(1);
  expect(await cloud.driver('host1').getInfo(stopped)).toEqual({ powerState: PowerState.SHUTDOWN });
});

it('does not touch an instance that is being deleted', async () => {
  const { cloud, uuid } = await booted();
  const instance = await cloud.request(uuid, 'deleting');

  await cloud.computes
    .get('host1')
    ?.manager.served.stopInstance(cloud.ctxt, { instance, clean_shutdown: true });

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: 'deleting' });
  expect(await cloud.driver('host1').getInfo(instance)).toEqual({ powerState: PowerState.RUNNING });
  expect(await cloud.fault(uuid)).toBeUndefined();
});

it('shows the last lines of the console', async () => {
  const { cloud, uuid } = await booted();
  const instance = await stop(cloud, uuid);
  const console = (tail_length: number | null) =>
    cloud.compute.getConsoleOutput(cloud.ctxt, { instance, tail_length });

  expect((await console(null)).split('\n')).toHaveLength(2);
  expect(await console(1)).toMatch(/^[^\n]+clean shutdown$/);
  expect(await console(0)).toBe('');
});
