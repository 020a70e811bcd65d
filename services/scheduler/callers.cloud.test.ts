import { loadConfig } from '@mini-nova/config';
import { listUsages } from '@mini-nova/data/allocations/queries';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { type ArgsOf, CallCancelled, type RpcRequest, silentLogger, Target } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { addHost, requestSpec } from '@mini-nova/services-testing/scheduling';
import { expect, it, onTestFinished, vi } from 'vitest';
import { SchedulerManager } from './manager.ts';
import { schedulerSchema } from './options.ts';
import type { schedulerRpc } from './rpcapi/scheduler-api.ts';

const CTXT = RequestContext.admin();

function argsFor(uuid: string): ArgsOf<typeof schedulerRpc, 'selectDestinations'> {
  return {
    instance_uuids: [uuid],
    spec_obj: requestSpec(),
    return_objects: true,
    return_alternates: false,
  };
}

/** The scheduler of a cloud, called by RPC. */
async function schedulerFixture(settings = {}) {
  const cloud = await Cloud.start({ hosts: { host1: {} }, conductor: true, settings });
  const target = new Target({ topic: 'scheduler', version: '4.5' });
  const client = cloud.rpc.getClient(target);
  return {
    db: cloud.db,
    allocated: () => cloud.allocated(),
    select: (uuid: string, options: { signal?: AbortSignal; timeout?: number } = {}) =>
      client.prepare(options).call(CTXT, 'select_destinations', argsFor(uuid)),
  };
}

/** Keeps everyone else from the database until the returned function is called. */
async function holdDatabase(db: Database): Promise<() => Promise<void>> {
  let release = () => {};
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((isHeld) => {
    held = db.transaction(async () => {
      isHeld();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
  });
  return async () => {
    release();
    await held;
  };
}

it('claims nothing for callers that give up while they wait, and serves those behind them', async () => {
  const { db, allocated, select } = await schedulerFixture();
  const release = await holdDatabase(db);
  const user = new AbortController();
  const first = select('vm1');
  const gone = ['vm2', 'vm3'].map((uuid) => select(uuid, { signal: user.signal }));
  const late = select('vm4', { timeout: 0.05 });
  const last = select('vm5');

  user.abort();
  for (const each of gone) await expect(each).rejects.toBeInstanceOf(CallCancelled);
  await expect(late).rejects.toMatchObject({ code: 'MESSAGING_TIMEOUT' });
  await release();

  expect(await first).toHaveLength(1);
  expect(await last).toHaveLength(1);
  expect(await allocated()).toBe(2);
});

it('gives back at once what it claims while its caller gives up', async () => {
  const { db, allocated, select } = await schedulerFixture();
  const user = new AbortController();
  const transaction = db.transaction.bind(db);
  let claims = 0;
  db.transaction = async (work) => {
    const result = await transaction(work);
    const isClaim = (await listUsages(db.kysely)).length > 0;
    if (isClaim) claims += 1;
    if (isClaim) user.abort();
    return result;
  };

  await expect(select('vm1', { signal: user.signal })).rejects.toBeInstanceOf(CallCancelled);

  await vi.waitFor(async () => expect([claims > 0, await allocated()]).toEqual([true, 0]));
});

/** A scheduler, called directly, and the listeners that tell it that nobody received its answer. */
async function localFixture() {
  const db = await openDatabase('sqlite://');
  onTestFinished(() => db.close());
  await migrate(db);
  await addHost(db, 'host1');
  const config = loadConfig({ schema: schedulerSchema, configFiles: [], env: {} });
  const manager = new SchedulerManager({ db, config, logger: silentLogger });
  const select = async (uuid: string): Promise<() => void> => {
    let unanswered = () => {};
    const request: RpcRequest = {
      signal: new AbortController().signal,
      timeLeft: null,
      deadline: null,
      method: 'select_destinations',
      namespace: null,
      version: '4.5',
      attempt: 1,
      onUnanswered: (listener) => {
        unanswered = listener;
      },
    };
    await manager.selectDestinations(CTXT, argsFor(uuid), request);
    return unanswered;
  };
  return { db, select };
}

it('gives back what it claimed when nobody receives the answer', async () => {
  const { db, select } = await localFixture();
  const unanswered = await select('vm1');
  await select('vm2');

  unanswered();

  await vi.waitFor(async () => {
    const usages = await listUsages(db.kysely);
    expect(usages.find(({ resource_class }) => resource_class === 'VCPU')?.used).toBe(1);
  });
});

it('keeps what a later request for the same instance relies on', async () => {
  const { db, select } = await localFixture();
  const unanswered = await select('vm1');
  await select('vm1');

  unanswered();
  await select('vm2');

  const usages = await listUsages(db.kysely);
  expect(usages.find(({ resource_class }) => resource_class === 'VCPU')?.used).toBe(2);
});

it('refuses a request at once when too many are waiting', async () => {
  const { db, select } = await schedulerFixture({ 'scheduler.max_queued_requests': 2 });
  const letGo = holdSnapshots(db);
  const outcomes: string[] = [];
  const requests = Array.from({ length: 6 }, (_, n) =>
    select(`vm${n}`).then(
      () => outcomes.push('placed'),
      (error) => outcomes.push(error.code),
    ),
  );

  await vi.waitFor(() => expect(outcomes).toEqual(['OVERLOADED', 'OVERLOADED', 'OVERLOADED']));
  letGo();
  await Promise.all(requests);

  expect(outcomes.slice(3)).toEqual(['placed', 'placed', 'placed']);
});

/** Holds every reading of the hosts until the returned function is called. */
function holdSnapshots(db: Database): () => void {
  let letGo = () => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const snapshot = db.snapshot.bind(db);
  db.snapshot = async (work) => {
    await gone;
    return snapshot(work);
  };
  return letGo;
}
