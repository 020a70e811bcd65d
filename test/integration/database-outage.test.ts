import { setImmediate as turn } from 'node:timers/promises';
import { type Database, openDatabase, type Queryable } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { findService, insertService, listServices, recordHeartbeat } from '@mini-nova/data/services/store';
import { newService } from '@mini-nova/data/test/rows';
import { stall } from '@mini-nova/data/test/stall';
import { type DatabaseOptions, DatabaseUnavailable, withPatience } from '@mini-nova/database';
import {
  allocationsByConsumer,
  claimAll,
  claimResources,
  type MadeClaims,
  releaseAllocations,
  releaseClaims,
} from '@mini-nova/placement/allocations';
import { addHost } from '@mini-nova/services-testing/scheduling';
import { type PrivatePostgres, startPostgres, TcpProxy } from '@mini-nova/testing';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

let postgres: PrivatePostgres;
let url: string;
/** Without a proxy, and without repetition. */
let admin: Database;
/** To watch while `admin` is in a transaction. */
let outside: Database;
const opened: Database[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());
beforeEach(async () => {
  url = await postgres.createDatabase();
  admin = await open(url);
  await migrate(admin);
  outside = await open(url);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()));
});

/** With much patience, since a server takes its time to start. */
async function open(at: string, options: DatabaseOptions = {}): Promise<Database> {
  const db = await openDatabase(at, {
    repeats: { maxRetries: 200, interval: 0.1, maxInterval: 0.3 },
    ...options,
  });
  opened.push(db);
  return db;
}

/** Connects outside the limits of `db`, which may be too short for a busy machine. */
async function connected(db: Database): Promise<void> {
  await vi.waitFor(async () => expect(await listServices(db.kysely)).toEqual([]));
}

async function proxied(): Promise<{ proxy: TcpProxy; through: string }> {
  const proxy = await TcpProxy.to(Number(new URL(url).port));
  onTestFinished(() => proxy.close());
  const through = new URL(url);
  through.port = String(proxy.port);
  return { proxy, through: through.href };
}

/** Adds one to a count, which shows how often that was done. */
async function countOne(db: Queryable): Promise<void> {
  await db
    .updateTable('services')
    .set((eb) => ({ report_count: eb('report_count', '+', 1) }))
    .execute();
}

async function counted(): Promise<number | undefined> {
  return (await findService(admin.kysely, 'host1', 'nova-compute'))?.report_count;
}

async function killOthers(): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(admin.kysely);
}

async function inTransaction(): Promise<number> {
  const query = sql<{ count: number }>`select count(*) as count from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'`;
  return (await query.execute(admin.kysely)).rows[0]?.count ?? -1;
}

/** With another number for the process than the server's, in its message BackendKeyData. */
function asPooler(data: Buffer): Buffer {
  const start = data.indexOf(Buffer.of(0x4b, 0, 0, 0, 12));
  if (start >= 0) data.writeInt32BE(2 ** 31 - 1, start + 5);
  return data;
}

const away = { code: 'DATABASE_UNAVAILABLE' };

describe('a restart of PostgreSQL', () => {
  it('loses no transaction, and runs none twice', async () => {
    await insertService(admin.kysely, newService());
    const db = await open(url, { maxPoolSize: 5 });
    let done = 0;
    const count = async () => {
      await db.transaction(countOne);
      done += 1;
    };
    const rounds = Array.from({ length: 5 }, async () => {
      for (let round = 0; round < 40; round += 1) await count();
    });
    await expect.poll(() => done, { interval: 1 }).toBeGreaterThan(20);

    await postgres.stop('fast');
    await postgres.start();
    await Promise.all(rounds);

    expect(await counted()).toBe(200);
  });

  it('is waited for by statements outside transactions, except one that may have been done, which fails', async () => {
    await insertService(admin.kysely, newService());
    const db = await open(url, { maxPoolSize: 5 });
    const outcomes: unknown[] = [];
    let stopped = false;
    const rounds = Array.from({ length: 5 }, async () => {
      while (!stopped) {
        await listServices(db.kysely);
        outcomes.push(await countOne(db.kysely).catch((error: unknown) => error));
      }
    });
    await expect.poll(() => outcomes.length, { interval: 1 }).toBeGreaterThan(20);

    await postgres.stop('fast');
    const before = outcomes.length;
    await postgres.start();
    await expect.poll(() => outcomes.length).toBeGreaterThan(before + 20);
    stopped = true;
    await Promise.all(rounds);

    const failures = outcomes.filter((outcome) => outcome !== undefined);
    for (const failure of failures) expect(failure).toMatchObject({ ...away, outcome: 'unknown' });
    const done = outcomes.length - failures.length;
    expect(await counted()).toBeGreaterThanOrEqual(done);
    expect(await counted()).toBeLessThanOrEqual(outcomes.length);
  });

  it('after a crash leaves no transaction that is reported as done but was not', async () => {
    await insertService(admin.kysely, newService());
    const db = await open(url, { maxPoolSize: 5 });
    let done = 0;
    const failures: unknown[] = [];
    const rounds = Array.from({ length: 5 }, async () => {
      for (let round = 0; round < 40; round += 1) {
        await db.transaction(countOne).then(
          () => {
            done += 1;
          },
          (error: unknown) => failures.push(error),
        );
      }
    });
    await expect.poll(() => done, { interval: 1 }).toBeGreaterThan(20);

    await postgres.stop('immediate');
    await postgres.start();
    await Promise.all(rounds);

    for (const failure of failures) expect(failure).toMatchObject({ ...away, outcome: 'unknown' });
    expect(done + failures.length).toBe(200);
    expect(await counted()).toBeGreaterThanOrEqual(done);
  });

  it('that takes too long fails waiting requests within their time', async () => {
    const db = await open(url);
    await listServices(db.kysely);
    await postgres.stop('fast');
    onTestFinished(() => postgres.start());

    const asked = [
      withPatience(1, () => listServices(db.kysely)),
      withPatience(1, () => insertService(db.kysely, newService())),
      withPatience(1, () => db.transaction(countOne)),
      withPatience(1, () => db.snapshot(listServices)),
    ];
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { ...away, outcome: 'undone' } });
    }
  });
});

describe('an administrator', () => {
  it('who ends connections is not noticed by transactions, before and after the commit', async () => {
    await insertService(admin.kysely, newService());
    const db = await open(url);
    let runs = 0;
    const result = await db.transaction(async (trx) => {
      runs += 1;
      await countOne(trx);
      if (runs <= 2) await killOthers();
      return 'done';
    });
    expect({ result, runs, counted: await counted() }).toEqual({ result: 'done', runs: 3, counted: 1 });

    await killOthers();
    expect(await listServices(db.kysely)).toHaveLength(1);
  });

  it('who limits the role to 6 connections has pools that want 20 take turns', async () => {
    await sql`create role few login connection limit 6`.execute(admin.kysely);
    await sql`grant all on all tables in schema public to few`.execute(admin.kysely);
    await insertService(admin.kysely, newService());
    const few = new URL(url);
    few.username = 'few';
    const databases = await Promise.all([1, 2].map(() => open(few.href, { maxPoolSize: 10 })));

    await Promise.all(Array.from({ length: 60 }, (_, n) => databases[n % 2]?.transaction(countOne)));

    expect(await counted()).toBe(60);
  });

  it('who makes the server read-only has writes wait until it is not, and reads go on', async () => {
    await insertService(admin.kysely, newService());
    const db = await open(url);
    const name = sql.id(new URL(url).pathname.slice(1));
    await sql`alter database ${name} set default_transaction_read_only = on`.execute(admin.kysely);
    await killOthers();

    expect(await db.snapshot(listServices)).toHaveLength(1);
    const refused = withPatience(0.5, () => db.transaction(countOne));
    await expect(refused).rejects.toMatchObject({ ...away, outcome: 'undone' });
    let runs = 0;
    const waiting = db.transaction(async (trx) => {
      runs += 1;
      await countOne(trx);
    });
    await expect.poll(() => runs).toBeGreaterThan(1);
    await admin.transaction(async (trx) => {
      await sql`set transaction read write`.execute(trx);
      await sql`alter database ${name} reset default_transaction_read_only`.execute(trx);
    });
    await waiting;

    expect(await counted()).toBe(1);
  });

  it('who ends idle transactions has them repeated', async () => {
    await insertService(admin.kysely, newService());
    const db = await open(url, { statementTimeout: 0 });
    let runs = 0;
    await db.transaction(async (trx) => {
      runs += 1;
      await countOne(trx);
      if (runs > 1) return;
      await sql`set idle_in_transaction_session_timeout = 20`.execute(trx);
      await expect.poll(inTransaction).toBe(0);
    });
    expect({ runs, counted: await counted() }).toEqual({ runs: 2, counted: 1 });
  });

  it('who changes the password causes an error at once, without waiting', async () => {
    const wrong = new URL(url);
    wrong.pathname = '/nowhere';
    const db = await open(wrong.href);
    await expect(listServices(db.kysely)).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      message: 'The database cannot be used: database "nowhere" does not exist',
    });
  });

  it('who uses an unknown role without TLS gets an error about the role, not about TLS', async () => {
    const wrong = new URL(url);
    wrong.username = 'nobody';
    const db = await open(wrong.href);
    await expect(listServices(db.kysely)).rejects.toMatchObject({
      message: 'The database cannot be used: role "nobody" does not exist',
    });
  });
});

it('notices nothing of a connection that breaks before its request was sent, even if it may not be repeated', async () => {
  await insertService(admin.kysely, newService());
  const { proxy, through } = await proxied();
  const db = await open(through);
  const broken = proxy.breakAfter('pg_stat_bgwriter'); // what the pool itself asks first
  await countOne(db.kysely);
  await broken;
  expect(await counted()).toBe(1);
});

describe('connections that died silently', () => {
  it('are found, and replaced, by whatever is asked next', async () => {
    await insertService(admin.kysely, newService());
    const { proxy, through } = await proxied();
    const db = await open(through, { maxPoolSize: 4 });
    const all = () => Promise.all(Array.from({ length: 4 }, () => db.snapshot(listServices)));
    await all();
    expect(proxy.silencePresent()).toBe(4);

    await db.transaction(countOne);
    await all();
    const { id, uuid } = newestService(await listServices(db.kysely));
    await recordHeartbeat(db.kysely, { id, uuid }, new Date().toISOString());

    expect(await counted()).toBe(2);
  });

  it('hold no locks for long, when they were in a transaction', async () => {
    await insertService(admin.kysely, newService());
    const { proxy, through } = await proxied();
    const db = await open(through);
    let runs = 0;
    await db.transaction(async (trx) => {
      runs += 1;
      await countOne(trx);
      if (runs === 1) proxy.silencePresent();
      await countOne(trx);
    });
    expect({ runs, counted: await counted() }).toEqual({ runs: 2, counted: 2 });
    await expect.poll(inTransaction).toBe(0);
  });

  it('have their transaction repeated when its commit was lost', async () => {
    await insertService(admin.kysely, newService());
    const { proxy, through } = await proxied();
    const db = await open(through);
    let runs = 0;
    await db.transaction(async (trx) => {
      runs += 1;
      await countOne(trx);
      if (runs === 1) proxy.silencePresent();
    });
    expect({ runs, counted: await counted() }).toEqual({ runs: 2, counted: 1 });
  });

  it("do not have it repeated when only the commit's answer was lost", async () => {
    await insertService(admin.kysely, newService());
    const { proxy, through } = await proxied();
    const db = await open(through);
    let runs = 0;
    const result = await db.transaction(async (trx) => {
      runs += 1;
      await countOne(trx);
      proxy.silencePresent({ client: false, server: true });
      return runs;
    });
    expect({ result, counted: await counted() }).toEqual({ result: 1, counted: 1 });
  });

  it('are distinguished from slow statements', async () => {
    const db = await open(url);
    await connected(db);
    const slow = sql<{ answer: number }>`select 1 as answer from pg_sleep(4.5)`;
    // The transaction is over before the answer.
    const { rows } = await withPatience(4, () => slow.execute(db.kysely));
    expect(rows).toEqual([{ answer: 1 }]);
  });

  it("are distinguished from slow statements behind a pooler, whose processes are not the server's", async () => {
    const { proxy, through } = await proxied();
    proxy.changeAnswers(asPooler);
    const db = await open(through, { repeats: { maxRetries: 0 } });
    const { rows } = await sql<{ answer: number }>`select 1 as answer from pg_sleep(4.5)`.execute(db.kysely);
    expect(rows).toEqual([{ answer: 1 }]);
  });
});

describe('a process that gets no processor time for a while', () => {
  it('keeps its connections, and repeats nothing', async () => {
    await insertService(admin.kysely, newService());
    const db = await open(url);
    let runs = 0;
    await db.transaction(async (trx) => {
      runs += 1;
      const counting = countOne(trx);
      await turn();
      stall(5000);
      await counting;
      // Time enough for any doubt about the connection to show.
      for (let round = 0; round < 100; round += 1) {
        await listServices(admin.kysely);
        await listServices(trx);
      }
    });
    expect({ runs, counted: await counted() }).toEqual({ runs: 1, counted: 1 });
  });

  it('connects all the same', async () => {
    const db = await open(url, { connectTimeout: 4, repeats: { maxRetries: 0 } });
    const asked = listServices(db.kysely);
    await turn();
    stall(6000);
    expect(await asked).toEqual([]);
  });

  it('waits for a connection of the pool all the same', async () => {
    const db = await open(url, { maxPoolSize: 1, poolTimeout: 4, repeats: { maxRetries: 0 } });
    const waiting = await db.transaction(async (trx) => {
      await listServices(trx);
      const asked = listServices(db.kysely);
      await turn();
      stall(6000);
      return { asked };
    });
    expect(await waiting.asked).toEqual([]);
  });
});

describe('a time limit', () => {
  it('ends a statement, whose connection is used again', async () => {
    const db = await open(url, { maxPoolSize: 1, statementTimeout: 1, repeats: { maxRetries: 0 } });
    const pid = async () =>
      (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db.kysely)).rows[0]?.pid;
    const first = await vi.waitFor(pid);
    await expect(sql`select pg_sleep(60)`.execute(db.kysely)).rejects.toMatchObject(away);
    expect(await vi.waitFor(pid)).toBe(first);
  });

  it('ends the wait for a connection of the pool', async () => {
    const db = await open(url, { maxPoolSize: 1, poolTimeout: 0.1, repeats: { maxRetries: 0 } });
    await connected(db);
    await db.transaction(async (trx) => {
      await listServices(trx);
      await expect(listServices(db.kysely)).rejects.toMatchObject({
        reason: 'no connection became free within 0.1 s',
      });
    });
    expect(await listServices(db.kysely)).toEqual([]);
  });

  it('of a caller in a hurry ends the wait sooner, unless connections become free meanwhile', async () => {
    const db = await open(url, { maxPoolSize: 1, poolTimeout: 3600, repeats: { maxRetries: 0 } });
    const hasty = <T>(work: () => Promise<T>): Promise<T> => withPatience(0.1, work);
    await db.transaction(async (trx) => {
      await listServices(trx);
      await expect(hasty(() => listServices(db.kysely))).rejects.toMatchObject(away);
    });
    const short = () => sql`select pg_sleep(0.1)`.execute(db.kysely);
    await Promise.all(Array.from({ length: 20 }, () => hasty(short)));
  });

  it('ends connecting to a server that says nothing', async () => {
    const { proxy, through } = await proxied();
    const db = await open(through, { connectTimeout: 0.1, repeats: { maxRetries: 0 } });
    proxy.silenceNext();
    await expect(listServices(db.kysely)).rejects.toMatchObject(away);
    await connected(db);
  });

  it('replaces an old connection', async () => {
    const db = await open(url, { maxPoolSize: 1, connectionRecycleTime: 0 });
    const pid = async () =>
      (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db.kysely)).rows[0]?.pid;
    expect(await pid()).not.toBe(await pid());
  });
});

it('fails a transaction in which a statement has failed, though the error was caught in it', async () => {
  const service = newService();
  await insertService(admin.kysely, service);
  const work = admin.transaction(async (trx) => {
    await countOne(trx);
    await insertService(trx, service).catch(() => {});
  });
  await expect(work).rejects.toThrow('Nothing was committed');
  expect(await counted()).toBe(0);
});

describe('a transaction whose outcome nobody knows', () => {
  const lost = new DatabaseUnavailable('lost', { outcome: 'unknown' });

  async function losingOnce(lostCommit?: Parameters<Database['transaction']>[1]) {
    await insertService(admin.kysely, newService());
    let runs = 0;
    const work = admin.transaction(async (trx) => {
      runs += 1;
      await countOne(trx);
      if (runs === 1) throw lost;
      return 'done';
    }, lostCommit);
    return { result: await work.catch((error: unknown) => error), runs: () => runs };
  }

  it('fails', async () => {
    const { result, runs } = await losingOnce();
    expect({ result, runs: runs() }).toEqual({ result: lost, runs: 1 });
  });

  it('is repeated when that does no harm', async () => {
    const { result, runs } = await losingOnce({ lostCommit: 'repeat' });
    expect({ result, runs: runs() }).toEqual({ result: 'done', runs: 2 });
  });
});

describe('what may safely run twice', () => {
  it.each([
    ['the release of what an instance holds', (db: Database) => releaseAllocations(db, 'vm1')],
    ['the release of claims', (db: Database, made: MadeClaims) => releaseClaims(db, made)],
  ])('is done though its answer is lost: %s', async (_what, release) => {
    const { proxy, through } = await proxied();
    const db = await open(through);
    const providerUuid = await addHost(db, 'host1');
    const claim = { consumerUuid: 'vm1', allocations: { [providerUuid]: { VCPU: 1 } } };
    const made = (await db.transaction((trx) => claimAll(trx, [claim]))) as MadeClaims;
    proxy.silencePresent({ client: false, server: true });

    await release(db, made);

    expect(await allocationsByConsumer(admin, providerUuid)).toEqual({});
  });

  it('includes a statement that a deadlock has undone', async () => {
    for (const host of ['host1', 'host2']) await insertService(admin.kysely, newService({ host }));
    const db = await open(url);
    const countOn = (trx: Queryable, host: string) =>
      trx
        .updateTable('services')
        .set((eb) => ({ report_count: eb('report_count', '+', 1) }))
        .where('host', '=', host)
        .execute();
    let statement: Promise<void> | undefined;
    await admin.transaction(async (trx) => {
      await countOn(trx, 'host2');
      // It has the first lock and waits for the second. On a slow machine this transaction may be the one that is
      // undone.
      if (statement === undefined) {
        statement = countOne(db.kysely);
        await expect.poll(waitingForLocks).toBe(1);
      }
      await countOn(trx, 'host1');
    });
    await statement;
    const counts = (await listServices(admin.kysely)).map(({ report_count }) => report_count);
    expect(counts).toEqual([2, 2]);
  });
});

it('a claim whose commit was lost in a crash exists, and is known to be new', async () => {
  const { proxy, through } = await proxied();
  let isSilent = false;
  const db = await open(through, {
    onQuery: (statement) => {
      // The next message is the commit.
      if (statement.startsWith('insert into "allocations"')) {
        if (!isSilent) proxy.silencePresent({ client: false, server: true });
        isSilent = true;
      }
    },
  });
  const providerUuid = await addHost(db, 'host1');

  const claimed = claimResources(db, { consumerUuid: 'vm1', allocations: { [providerUuid]: { VCPU: 1 } } });
  await expect.poll(() => allocationsByConsumer(admin, providerUuid)).toEqual({ vm1: { VCPU: 1 } });
  await postgres.stop('immediate');
  await postgres.start();

  expect(await claimed).toBe('claimed');
  expect(await allocationsByConsumer(admin, providerUuid)).toEqual({ vm1: { VCPU: 1 } });
});

async function waitingForLocks(): Promise<number> {
  const query = sql<{ count: number }>`select count(*) as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return (await query.execute(outside.kysely)).rows[0]?.count ?? -1;
}

function newestService<T>(services: readonly T[]): T {
  const service = services.at(-1);
  if (!service) throw new Error('There is no service');
  return service;
}
