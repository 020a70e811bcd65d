import { InstanceInvalidState, InstanceNotFound } from '@mini-nova/domain/exceptions';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { RequestContext } from '@mini-nova/service';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { tempDir } from '@mini-nova/testing';
import { expect, it } from 'vitest';
import type { SpawnRequest } from '../driver.ts';
import { FakeDriver, FakeDriverFailure } from './fake-driver.ts';

const ctxt = RequestContext.admin();
const request: SpawnRequest = {
  image: { name: 'cirros' },
  injectedFiles: [],
  adminPassword: null,
  allocations: {},
  networkInfo: [],
};

it('spawns a running guest, and destroys it, however often that is called', async () => {
  const driver = new FakeDriver('host1');
  const instance = newInstance();

  await driver.spawn(ctxt, instance, request);
  expect(await driver.listInstanceUuids()).toEqual([instance.uuid]);
  expect(await driver.getInfo(instance)).toEqual({ powerState: PowerState.RUNNING });

  await driver.destroy(ctxt, instance);
  await driver.destroy(ctxt, instance);
  expect(await driver.listInstanceUuids()).toEqual([]);
  await expect(driver.getInfo(instance)).rejects.toThrow(InstanceNotFound);
});

it('fails the configured number of first spawns', async () => {
  const driver = new FakeDriver('host1', { fail_first_spawns: 2 });
  const spawn = () => driver.spawn(ctxt, newInstance(), request);

  await expect(spawn()).rejects.toThrow(FakeDriverFailure);
  await expect(spawn()).rejects.toThrow(FakeDriverFailure);
  await spawn();
  expect(await driver.listInstanceUuids()).toHaveLength(1);
});

it('takes the configured time for a spawn', async () => {
  const driver = new FakeDriver('host1', { spawn_delay: 0.05 });
  const start = performance.now();

  await driver.spawn(ctxt, newInstance(), request);

  expect(performance.now() - start).toBeGreaterThan(45);
});

it('does not reboot softly a guest that is off', async () => {
  const driver = new FakeDriver('host1');
  const instance = newInstance();
  await driver.spawn(ctxt, instance, request);
  await driver.powerOff(ctxt, instance, true);

  await expect(driver.reboot(ctxt, instance, 'SOFT')).rejects.toThrow(InstanceInvalidState);
  await driver.reboot(ctxt, instance, 'HARD');
  expect(await driver.getInfo(instance)).toEqual({ powerState: PowerState.RUNNING });
});

it('pauses and unpauses a guest', async () => {
  const driver = new FakeDriver('host1');
  const instance = newInstance();
  await driver.spawn(ctxt, instance, request);

  await driver.pause(ctxt, instance);
  expect(await driver.getInfo(instance)).toEqual({ powerState: PowerState.PAUSED });
  await driver.unpause(ctxt, instance);
  expect(await driver.getInfo(instance)).toEqual({ powerState: PowerState.RUNNING });
});

it('neither pauses a guest that is off nor starts it by unpausing', async () => {
  const driver = new FakeDriver('host1');
  const instance = newInstance();
  await driver.spawn(ctxt, instance, request);
  await driver.powerOff(ctxt, instance, true);

  await expect(driver.pause(ctxt, instance)).rejects.toThrow(InstanceInvalidState);
  await expect(driver.unpause(ctxt, instance)).rejects.toThrow(InstanceInvalidState);
  expect(await driver.getInfo(instance)).toEqual({ powerState: PowerState.SHUTDOWN });
});

it('brings back launched guests when the host starts, in their recorded power state', async () => {
  const driver = new FakeDriver('host1');
  const launched_at = new Date();
  const running = newInstance({ launched_at, power_state: PowerState.RUNNING });
  const stopped = newInstance({ launched_at, power_state: PowerState.SHUTDOWN });
  const unborn = newInstance({ launched_at: null });

  await driver.initHost(ctxt, [running, stopped, unborn]);

  expect(await driver.listInstanceUuids()).toEqual([running.uuid, stopped.uuid]);
  expect(await driver.getInfo(stopped)).toEqual({ powerState: PowerState.SHUTDOWN });
});

it('keeps a console of what happened to the guest', async () => {
  const driver = new FakeDriver('host1');
  const instance = newInstance();
  await driver.spawn(ctxt, instance, request);
  await driver.powerOff(ctxt, instance, false);

  const lines = (await driver.getConsoleOutput(ctxt, instance)).split('\n');
  expect(lines[0]).toMatch(/booted from image cirros$/);
  expect(lines[1]).toMatch(/power off$/);
});

it('follows changes of its options', async () => {
  const options = { fail_spawn: true };
  const driver = new FakeDriver('host1', options);
  await expect(driver.spawn(ctxt, newInstance(), request)).rejects.toThrow(FakeDriverFailure);

  options.fail_spawn = false;
  await driver.spawn(ctxt, newInstance(), request);

  expect(await driver.listInstanceUuids()).toHaveLength(1);
});

it('keeps its guests in a configured folder, so that they outlive it', async () => {
  const options = { guests_path: tempDir() };
  const instance = newInstance();
  const deleted = newInstance();
  const before = new FakeDriver('host1', options);
  for (const one of [instance, deleted]) await before.spawn(ctxt, one, request);
  await before.powerOff(ctxt, instance, true);
  await before.destroy(ctxt, deleted);

  const after = new FakeDriver('host1', options);
  await after.initHost(ctxt, [deleted]);

  expect(await after.listInstanceUuids()).toEqual([instance.uuid]);
  expect(await after.getInfo(instance)).toEqual({ powerState: PowerState.SHUTDOWN });
  expect(await new FakeDriver('host2', options).listInstanceUuids()).toEqual([]);
});
