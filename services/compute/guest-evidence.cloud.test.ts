import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { PowerState } from '@mini-nova/domain/states/power-state';
import type { Driver, RpcMessage } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { Cloud, type CloudOptions } from '@mini-nova/services-testing/cloud';
import { lossyDriver } from '@mini-nova/services-testing/lossy-driver';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { tempDir } from '@mini-nova/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { RecordingLogger } from '../../packages/service/test/recording-logger.ts';
import { MemoryNodeIdentities } from './resources/node-identities.ts';

const ctxt = RequestContext.admin();
const hosts = { host1: {} };
const atOnce = { 'DEFAULT.running_deleted_instance_timeout': 0 };

/** A conductor with another database, on the cloud's bus. */
function otherConductor({ bus }: Cloud, database = 'sqlite://'): Promise<Cloud> {
  return Cloud.start({ bus, database, hosts: {}, scheduler: false });
}

async function bootMany(cloud: Cloud, count: number): Promise<string[]> {
  const uuids: string[] = [];
  for (let n = 0; n < count; n += 1) uuids.push((await cloud.bootActive()).uuid);
  return uuids.sort();
}

async function guestsOf(cloud: Cloud): Promise<string[]> {
  return (await cloud.driver('host1').listInstanceUuids()).sort();
}

interface Report {
  own_records: { destruction_suspended_since: string | null };
  stray_guests: { uuid: string; state: string }[];
}

function reportOf(cloud: Cloud): Report {
  return cloud.computes.get('host1')?.service.report() as unknown as Report;
}

function figureOf(cloud: Cloud, name: string, state?: string): number | undefined {
  const figure = cloud.computes.get('host1')?.manager.figures.find((one) => one.name === name);
  return figure?.values().find(({ labels }) => labels.state === state)?.value;
}

/** Returns a function that puts this process's monotonic clock forward by a number of seconds. */
function useClock(): (seconds: number) => void {
  const now = performance.now.bind(performance);
  let passed = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + passed * 1000);
  onTestFinished(() => clock.mockRestore());
  return (seconds) => {
    passed += seconds;
  };
}

function startLogged(options: CloudOptions = {}): Promise<{ cloud: Cloud; logger: RecordingLogger }> {
  const logger = new RecordingLogger();
  return Cloud.start({ hosts, settings: atOnce, logger, ...options }).then((cloud) => ({ cloud, logger }));
}

/** A messaging driver whose calls go to another bus while `other` returns one. */
function divided(inner: Driver, other: () => Driver | undefined): Driver {
  return {
    send: (target, request, options) =>
      ((options.waitForReply && other()) || inner).send(target, request, options),
    listen: (target, onMessage, options) => inner.listen(target, onMessage, options),
    close: () => inner.close(),
  };
}

it('guests stay while a second conductor, with an empty database, also answers', async () => {
  const elsewhere = await Cloud.start({ hosts: {}, scheduler: false });
  const { driver } = elsewhere.connect('compute@host1').transport;
  let asked = 0;
  let answers = (_n: number) => false;
  const cloud = await Cloud.start({
    hosts,
    settings: atOnce,
    computeDriver: (inner) => divided(inner, () => (answers(asked++) ? driver : undefined)),
  });
  const uuids = await bootMany(cloud, 3);

  const tasks = cloud.computes.get('host1')?.manager.periodicTasks() ?? [];
  for (const pattern of [2, 3, 4]) {
    for (let n = 0; n < 2 * pattern; n += 1) {
      answers = (call) => (call + n) % pattern === 0 || (call + n) % 7 < 2;
      // What one conductor has recorded, the other does not find.
      for (const task of tasks) await task.run(ctxt).catch(() => {});
    }
  }
  answers = () => false;
  await cloud.runTasks('host1');

  expect(await guestsOf(cloud)).toEqual(uuids);
  for (const uuid of uuids) {
    expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'active', task_state: null });
  }
  expect(reportOf(cloud).own_records).toMatchObject({ destruction_suspended_since: null });
});

it('guests stay, and hold their resources, when the only conductor has an empty database', async () => {
  const { cloud, logger } = await startLogged();
  const uuids = await bootMany(cloud, 3);

  const other = await otherConductor(cloud);
  await cloud.stopConductor();
  for (let n = 0; n < 3; n += 1) await cloud.runTasks('host1');

  expect(await guestsOf(cloud)).toEqual(uuids);
  expect(logger.of('warn').filter((line) => line.includes('of which there is no record'))).toHaveLength(3);
  expect(reportOf(cloud)).toMatchObject({
    own_records: { destruction_suspended_since: expect.any(String) },
    stray_guests: uuids.map(() => ({ state: 'unknown' })),
  });
  expect(figureOf(cloud, 'nova_compute_stray_guests', 'unknown')).toBe(3);
  expect(figureOf(cloud, 'nova_compute_destruction_suspended')).toBe(1);
  const [node] = await other.computeNodes.list();
  expect(node).toMatchObject({ vcpus_used: 3, running_vms: 3 });
  const inventories = await other.db.kysely.selectFrom('inventories').selectAll().execute();
  expect(inventories.find(({ resource_class }) => resource_class === 'MEMORY_MB')?.reserved).toBe(
    512 + 3 * 512,
  );
});

it('guests that were booted after a dump stay when that dump is restored', async () => {
  const folder = tempDir();
  const file = join(folder, 'nova.sqlite');
  const cloud = await Cloud.start({ hosts, settings: atOnce, database: `sqlite:///${file}` });
  const [before = ''] = await bootMany(cloud, 1);
  const dump = join(folder, 'dump.sqlite');
  for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, dump + part);
  const since = await bootMany(cloud, 2);

  await otherConductor(cloud, `sqlite:///${dump}`);
  await cloud.stopConductor();
  for (let n = 0; n < 3; n += 1) await cloud.runTasks('host1');

  expect(await guestsOf(cloud)).toEqual([before, ...since].sort());
  expect(
    reportOf(cloud)
      .stray_guests.map(({ uuid }) => uuid)
      .sort(),
  ).toEqual(since);
  expect(reportOf(cloud).own_records.destruction_suspended_since).toBeNull();
});

it('a guest whose record is on another host stays', async () => {
  const { cloud, logger } = await startLogged();
  const elsewhere = newInstance({ host: 'other', vm_state: 'active', launched_at: new Date() });
  await cloud.instances.create(elsewhere);
  await cloud.driver('host1').initHost(ctxt, [elsewhere]);

  for (let n = 0; n < 2; n += 1) await cloud.runTasks('host1');

  expect(await guestsOf(cloud)).toEqual([elsewhere.uuid]);
  expect(figureOf(cloud, 'nova_compute_stray_guests', 'elsewhere')).toBe(1);
  expect(logger.of('warn').filter((line) => line.includes('recorded on another host'))).toHaveLength(1);
});

it('the guest of a deleted instance is destroyed once its instance was seen as deleted for the whole timeout', async () => {
  const passTime = useClock();
  const cloud = await Cloud.start({ hosts, settings: { 'DEFAULT.running_deleted_instance_timeout': 600 } });
  const [deleted, kept] = [await cloud.bootActive(), await cloud.bootActive()];
  await cloud.instances.destroy(deleted);

  await cloud.runTasks('host1');
  passTime(599);
  await cloud.runTasks('host1');
  expect(await guestsOf(cloud)).toHaveLength(2);

  passTime(2);
  await cloud.runTasks('host1');
  expect(await guestsOf(cloud)).toEqual([kept.uuid]);
});

it('a look that finds the instance not deleted restarts the timeout', async () => {
  const passTime = useClock();
  const cloud = await Cloud.start({ hosts, settings: { 'DEFAULT.running_deleted_instance_timeout': 600 } });
  const { uuid } = await cloud.bootActive();
  const setDeleted = (deleted: boolean) =>
    cloud.db.kysely.updateTable('instances').set({ deleted }).where('uuid', '=', uuid).execute();

  for (const deleted of [true, false, true]) {
    await setDeleted(deleted);
    await cloud.runTasks('host1');
    passTime(400);
  }
  await cloud.runTasks('host1');

  expect(await guestsOf(cloud)).toEqual([uuid]);
});

it.each([
  ['noop', PowerState.RUNNING, 0],
  ['log', PowerState.RUNNING, 1],
  ['shutdown', PowerState.SHUTDOWN, 0],
])('with the action %s the guest of a deleted instance stays', async (action, powerState, lines) => {
  const settings = { ...atOnce, 'DEFAULT.running_deleted_instance_action': action };
  const { cloud, logger } = await startLogged({ settings });
  const deleted = await cloud.bootActive();
  await cloud.instances.destroy(deleted);

  await cloud.runTasks('host1');

  expect(await cloud.driver('host1').getInfo(deleted)).toEqual({ powerState });
  expect(logger.of('warn').filter((line) => line.includes('still runs'))).toHaveLength(lines);
  expect(figureOf(cloud, 'nova_compute_stray_guests', 'deleted')).toBe(1);
});

it('with the action shutdown the paused guest of a deleted instance is turned off', async () => {
  const settings = { ...atOnce, 'DEFAULT.running_deleted_instance_action': 'shutdown' };
  const cloud = await Cloud.start({ hosts, settings });
  const deleted = await cloud.bootActive();
  await cloud.driver('host1').pause(ctxt, deleted);
  await cloud.instances.destroy(deleted);

  await cloud.runTasks('host1');

  expect(await cloud.driver('host1').getInfo(deleted)).toEqual({ powerState: PowerState.SHUTDOWN });
});

it('the guest of an instance that was deleted without its host is destroyed at the next start', async () => {
  const cloud = await Cloud.start({ hosts, settings: atOnce });
  const deleted = await cloud.bootActive();
  const driver = cloud.driver('host1');
  await cloud.instances.destroy(deleted);
  await cloud.computes.get('host1')?.service.stop();

  await cloud.startCompute('host1', driver);

  expect(await driver.listInstanceUuids()).toEqual([]);
});

/** A cloud whose compute's records are gone, with a guest whose instance is recorded as deleted. */
async function withoutOwnRecords(options: CloudOptions = {}) {
  const identities = new MemoryNodeIdentities();
  const { cloud, logger } = await startLogged({ identities, ...options });
  const deleted = await cloud.bootActive();
  const driver = cloud.driver('host1');
  driver.initHost = async () => {};
  const node = await cloud.db.kysely.selectFrom('compute_nodes').selectAll().executeTakeFirstOrThrow();
  await cloud.db.kysely.deleteFrom('compute_nodes').execute();
  await cloud.instances.destroy(deleted);
  return { cloud, logger, deleted, driver, node };
}

it('while its own records are missing, a compute destroys nothing, also after a restart', async () => {
  const { cloud, deleted, driver } = await withoutOwnRecords();
  for (let n = 0; n < 2; n += 1) await cloud.runTasks('host1');

  await cloud.computes.get('host1')?.service.stop();
  await cloud.startCompute('host1', driver);
  await cloud.runTasks('host1');

  expect(await guestsOf(cloud)).toEqual([deleted.uuid]);
  const { checks } = cloud.computes.get('host1')?.service ?? {};
  expect(await checks?.records?.()).toMatch(
    /^nothing is destroyed here: node host1 was recorded as .*there is /,
  );
});

it('a compute without its records can be used: what it builds can be deleted', async () => {
  const { cloud, deleted } = await withoutOwnRecords();
  await cloud.runTasks('host1');

  const { uuid } = await cloud.bootActive();
  await cloud.delete(uuid);

  expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted' });
  expect(await guestsOf(cloud)).toEqual([deleted.uuid]);
});

it('a compute destroys guests again once its records are back', async () => {
  const { cloud, node, logger } = await withoutOwnRecords();
  await cloud.runTasks('host1');
  await cloud.db.kysely.deleteFrom('compute_nodes').execute();
  await cloud.db.kysely.insertInto('compute_nodes').values(node).execute();

  await cloud.runTasks('host1');

  expect(await guestsOf(cloud)).toEqual([]);
  expect(logger.of('warn')).toContain('The records of this compute are there again');
});

it('once its records are back, a compute recovers what its start could not, even after a lost answer', async () => {
  let answered = Number.POSITIVE_INFINITY;
  const lose = ({ args }: RpcMessage) =>
    args?.objmethod === 'get_by_host' && --answered < 0 ? 'request' : undefined;
  const { cloud, node, driver } = await withoutOwnRecords({
    computeDriver: (inner) => lossyDriver(inner, lose),
  });
  await cloud.runTasks('host1');
  const { uuid } = await cloud.bootActive();
  await cloud.computes.get('host1')?.service.stop();
  await cloud.request(uuid, 'powering-off');
  await cloud.startCompute('host1', driver);
  await cloud.db.kysely.deleteFrom('compute_nodes').execute();
  await cloud.db.kysely.insertInto('compute_nodes').values(node).execute();

  // The comparisons of usage and of guests with the records are answered; the recovery after them is not.
  answered = 2;
  await expect(cloud.runTasks('host1')).rejects.toThrow('the request was lost');
  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ task_state: 'powering-off' });
  answered = Number.POSITIVE_INFINITY;
  await cloud.runTasks('host1');

  expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ vm_state: 'stopped', task_state: null });
});

it('records that an operator deleted do not count as missing', async () => {
  const { cloud, node } = await withoutOwnRecords();
  await cloud.db.kysely
    .insertInto('compute_nodes')
    .values({ ...node, deleted: true })
    .execute();

  await cloud.runTasks('host1');

  expect(reportOf(cloud).own_records.destruction_suspended_since).toBeNull();
  expect(await guestsOf(cloud)).toEqual([]);
});

it('without a record of its service a compute destroys nothing until it has registered again', async () => {
  const { cloud, deleted, node } = await withoutOwnRecords();
  await cloud.db.kysely.insertInto('compute_nodes').values(node).execute();
  const services = await cloud.db.kysely.selectFrom('services').selectAll().execute();
  await cloud.db.kysely.deleteFrom('services').execute();
  await cloud.runTasks('host1');
  expect(await guestsOf(cloud)).toEqual([deleted.uuid]);

  await cloud.db.kysely.insertInto('services').values(services).execute();
  await cloud.runTasks('host1');
  expect(await guestsOf(cloud)).toEqual([]);
});

it.each(['unknown', 'not being deleted', 'elsewhere'])(
  'an order to delete an instance that is recorded as %s is not carried out',
  async (how) => {
    const cloud = await Cloud.start({ hosts });
    const instance = await cloud.bootActive();
    const row = cloud.db.kysely.updateTable('instances').where('uuid', '=', instance.uuid);
    if (how === 'unknown') await cloud.db.kysely.deleteFrom('instances').execute();
    if (how === 'elsewhere') await row.set({ host: 'other', task_state: 'deleting' }).execute();

    await cloud.compute.terminateInstance(cloud.ctxt, { instance });
    // A call that waits for the deletion ordered before, and is then refused.
    const absent = { network_id: null, port_id: 'absent', requested_ip: null };
    await expect(cloud.compute.attachInterface(cloud.ctxt, { instance, ...absent })).rejects.toThrow();

    expect(await guestsOf(cloud)).toEqual([instance.uuid]);
    expect([await cloud.allocated(), (await cloud.ports.list(instance.uuid)).length]).toEqual([1, 1]);
  },
);

it('an order to delete an instance whose record is deleted already destroys its guest', async () => {
  const cloud = await Cloud.start({ hosts });
  const instance = await cloud.bootActive();
  await cloud.instances.destroy(instance);
  instance.host = 'host1';

  await cloud.compute.terminateInstance(cloud.ctxt, { instance });

  await expect.poll(() => guestsOf(cloud)).toEqual([]);
});

it('a build whose record cannot be read ends, and its guest stays', async () => {
  const asksForRecord = ({ args }: RpcMessage) => args?.objmethod === 'get_by_filters';
  const cloud = await Cloud.start({
    hosts,
    computeDriver: (inner) => ({
      listen: (target, onMessage, options) => inner.listen(target, onMessage, options),
      close: () => inner.close(),
      send: async (target, request, options) => {
        if (asksForRecord(request.message)) throw new Error('the database failed as the test asked');
        return inner.send(target, request, options);
      },
    }),
  });
  const driver = cloud.driver('host1');
  const spawn = driver.spawn.bind(driver);
  let goOn = () => {};
  const mayGoOn = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  driver.spawn = (...args) => mayGoOn.then(() => spawn(...args));
  const workload = async () => (await cloud.computeNodes.list()).objects[0]?.current_workload;

  const [uuid = ''] = await cloud.boot();
  await cloud.reaches(uuid, 'spawning');
  await expect.poll(workload, { interval: 50 }).toBe(1);
  await cloud.db.kysely.deleteFrom('instances').execute();
  goOn();

  await expect.poll(workload, { interval: 50 }).toBe(0);
  expect(await guestsOf(cloud)).toEqual([uuid]);
});

it('a guest that was just made stays when the record of its instance is missing', async () => {
  const cloud = await Cloud.start({ hosts: { host1: { spawn_delay: 0.2 } } });
  const [uuid = ''] = await cloud.boot();
  await cloud.reaches(uuid, 'spawning');
  const row = await cloud.db.kysely.selectFrom('instances').selectAll().executeTakeFirstOrThrow();
  await cloud.db.kysely.deleteFrom('instances').execute();

  await cloud.computes.get('host1')?.service.stop();
  await cloud.db.kysely.insertInto('instances').values(row).execute();

  expect(await guestsOf(cloud)).toEqual([uuid]);
  expect([await cloud.allocated(), (await cloud.ports.list(uuid)).length]).toEqual([1, 1]);
});
