import { type Database, openDatabase } from '@mini-nova/data/database';
import { findInstance, insertInstance, updateInstance } from '@mini-nova/data/instances/queries';
import { migrate } from '@mini-nova/data/migrate';
import { MessageDeliveryFailure, MessagingTimeout, Overloaded, silentLogger } from '@mini-nova/messaging';
import { type NovaObject, RequestSpec } from '@mini-nova/objects';
import { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import type { Rpc } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ComputeTaskManager } from './compute-task-manager.ts';
import { Presence } from './presence.ts';
import { SchedulingLine, SilentComputes } from './scheduling-line.ts';

const config = { scheduler: { max_attempts: 3 }, DEFAULT: { instance_build_timeout: 0 } };
const LONG_AGO = '2020-01-01T00:00:00.000Z';

function lineOf(db: Database, buildTimeout: number, bus = async () => {}): SchedulingLine {
  return new SchedulingLine({
    db,
    bus,
    schedulerRetry: { attempts: 1, patience: 0 },
    buildTimeout: () => buildTimeout,
    logger: silentLogger,
  });
}

async function emptyDatabase(): Promise<Database> {
  const db = await openDatabase('sqlite://');
  onTestFinished(() => db.close());
  await migrate(db);
  return db;
}

it('touches the records of builds that wait, and of no others', async () => {
  const db = await emptyDatabase();
  const scheduling = { vm_state: 'building', task_state: 'scheduling', created_at: LONG_AGO };
  for (const uuid of ['waiting', 'spawning', 'elsewhere']) {
    await insertInstance(db.kysely, { uuid, ...scheduling });
  }
  await updateInstance(db.kysely, 'spawning', { task_state: 'spawning' });
  const changed = async (uuid: string) => (await findInstance(db.kysely, uuid))?.updated_at ?? null;

  await lineOf(db, 0.2).run(['waiting', 'spawning'], async () => {
    await vi.waitFor(async () => expect(await changed('waiting')).not.toBeNull());
  });

  expect(await changed('spawning')).toBeNull();
  expect(await changed('elsewhere')).toBeNull();
});

it('asks again when the bus is back if the scheduler could not be asked, but not if it was silent', async () => {
  const silent = new MessagingTimeout('no reply');
  let isAway = true;
  let looks = 0;
  const bus = async () => {
    looks += 1;
    if (looks === 3) isAway = false;
    if (isAway) throw new MessageDeliveryFailure('no broker');
  };
  const line = lineOf(await emptyDatabase(), 600, bus);
  const request = () => (isAway ? Promise.reject(silent) : Promise.resolve('host1'));
  expect(await line.ask(request)).toBe('host1');
  expect(looks).toBe(3);

  await expect(line.ask(() => Promise.reject(silent))).rejects.toBe(silent);
});

it('asks an overloaded scheduler again as long as anybody gets an answer, and no longer', async () => {
  const db = await emptyDatabase();
  const refused = () => Promise.reject(new Overloaded({ what: 'scheduler', limit: 1, unit: 'requests' }));
  let refusals = 0;
  const line = lineOf(db, 600);
  const answer = await line.ask(() => (refusals++ < 2 ? refused() : Promise.resolve('host1')));
  expect([answer, refusals]).toEqual(['host1', 3]);

  await expect(lineOf(db, 0.1).ask(refused)).rejects.toBeInstanceOf(Overloaded);
});

it('brings all builds through a scheduler that refuses most of them at first', async () => {
  const cloud = await Cloud.start({ settings: { 'scheduler.max_queued_requests': 1 } });
  const instances = await cloud.record({ count: 12 });
  await Promise.all(instances.map((instance) => cloud.build([instance])));

  await vi.waitFor(
    async () => {
      const states = [...(await cloud.instances.list({}))].map(({ vm_state }) => vm_state);
      expect(states).toEqual(Array.from({ length: 12 }, () => 'active'));
    },
    { interval: 100 },
  );
  expect(await cloud.allocated()).toBe(12);
});

/** Has too much to do for the first requests. */
class BusyScheduler extends SchedulerAPI {
  #refusals = 2;

  override async selectDestinations(...args: Parameters<SchedulerAPI['selectDestinations']>) {
    this.#refusals -= 1;
    if (this.#refusals >= 0) throw new Overloaded({ what: 'scheduler', limit: 1, unit: 'requests' });
    return super.selectDestinations(...args);
  }
}

it('asks again also for a retried build whose sender names no hosts', async () => {
  const cloud = await Cloud.start();
  const { db, instances, buildRequests, compute, rpc, ctxt } = cloud;
  const scheduler = new BusyScheduler(rpc);
  const schedulerRetry = { attempts: 1, patience: 0 };
  const parts = { db, instances, buildRequests, compute, scheduler, schedulerRetry };
  const manager = new ComputeTaskManager({ ...parts, config, logger: silentLogger });
  const instance = await cloud.recordOne();

  await manager.buildInstances(ctxt, {
    instances: [instance],
    image: {},
    filter_properties: { retry: { num_attempts: 1, hosts: [] } },
    admin_password: null,
    injected_files: null,
    requested_networks: null,
    security_groups: null,
    request_spec: new RequestSpec({ flavor: instance.flavor }),
    host_lists: null,
  });

  expect(await cloud.settled(instance.uuid)).toMatchObject({ vm_state: 'active' });
});

/** Finds no host until, as after an outage, the computes report. */
class EarlyScheduler extends SchedulerAPI {
  failures = 0;
  readonly #report: () => Promise<void>;

  constructor(rpc: Rpc<NovaObject>, report: () => Promise<void>) {
    super(rpc);
    this.#report = report;
  }

  override async selectDestinations(...args: Parameters<SchedulerAPI['selectDestinations']>) {
    try {
      return await super.selectDestinations(...args);
    } catch (error) {
      this.failures += 1;
      await this.#report();
      throw error;
    }
  }
}

it('finds a host after an outage in which no compute could report', async () => {
  const cloud = await Cloud.start({ hosts: { host1: {} } });
  const { db, instances, buildRequests, compute, services, rpc, ctxt } = cloud;
  const [service] = (await services.list({ binary: 'nova-compute' })).objects;
  if (!service) throw new Error('There is no compute');
  await services.update(service, { last_seen_up: new Date(LONG_AGO) });
  const scheduler = new EarlyScheduler(rpc, () => services.heartbeat(service));
  const presence = new Presence({ db, since: performance.now() });
  const silentComputes = new SilentComputes({ services, presence, serviceDownTime: () => 600 });
  const manager = new ComputeTaskManager({
    ...{ db, instances, buildRequests, compute, scheduler, silentComputes },
    config,
    logger: silentLogger,
  });
  const instance = await cloud.recordOne();

  await manager.scheduleAndBuildInstances(ctxt, cloud.orderOf([instance]));

  expect(await cloud.settled(instance.uuid)).toMatchObject({ vm_state: 'active' });
  expect(scheduler.failures).toBe(1);
});
