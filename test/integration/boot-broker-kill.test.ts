import { conductorSweeps } from '@mini-nova/conductor/sweeps/index';
import { silentLogger } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { getPostgresUrl, startRabbit } from '@mini-nova/testing';
import { expect, onTestFinished, test } from 'vitest';

const BUILD_TIMEOUT = 15;

/** Runs a conductor's periodic tasks more often than usual. */
function keepSweeping(cloud: Cloud): void {
  const { db, instances, services, compute } = cloud;
  const config = { instance_build_timeout: BUILD_TIMEOUT, service_down_time: 600 };
  const sweeps = conductorSweeps({ db, instances, services, compute, config, logger: silentLogger });
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= (async () => {
      for (const sweep of sweeps) await sweep.run(RequestContext.admin());
      running = undefined;
    })();
  }, 500);
  onTestFinished(async () => {
    clearInterval(timer);
    await running;
  });
}

test('twenty boots whose broker is killed each end ACTIVE, or in ERROR with a fault and without allocation', async () => {
  const rabbit = await startRabbit();
  onTestFinished(() => rabbit.close());
  const cloud = await Cloud.start({
    bus: rabbit.url,
    database: await getPostgresUrl(),
    retry: { patience: 30 },
    hosts: { host1: { spawn_delay: 1 }, host2: { spawn_delay: 1 } },
    settings: { 'DEFAULT.rpc_response_timeout': 3, 'DEFAULT.service_down_time': 600 },
  });
  keepSweeping(cloud);

  const uuids = await cloud.boot({ count: 20 });
  const tasks = async () =>
    Promise.all(uuids.map(async (uuid) => (await cloud.instances.getByUuid(uuid)).task_state));
  await expect.poll(tasks).toContain('spawning');
  await rabbit.kill();
  await rabbit.start();

  const states = async () =>
    Promise.all(uuids.map(async (uuid) => (await cloud.instances.getByUuid(uuid)).vm_state));
  await expect.poll(states, { interval: 200 }).not.toContain('building');
  const active = (await states()).filter((state) => state === 'active').length;

  await expect.poll(() => cloud.allocated(), { interval: 200 }).toBe(active);
  await expect.poll(async () => Object.values(await cloud.guests()).flat().length).toBe(active);
  for (const uuid of uuids) {
    const { vm_state, host } = await cloud.instances.getByUuid(uuid);
    if (vm_state === 'active') expect((await cloud.guests())[host ?? '']).toContain(uuid);
    else expect((await cloud.fault(uuid))?.message).toMatch(/\S/);
    expect(await cloud.ports.list(uuid)).toHaveLength(vm_state === 'active' ? 1 : 0);
  }
  expect(await cloud.bootActive()).toMatchObject({ vm_state: 'active' });
});
