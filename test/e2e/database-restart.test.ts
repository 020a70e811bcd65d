import { setTimeout as sleep } from 'node:timers/promises';
import { type PrivatePostgres, startDaemon, startPostgres, TcpProxy } from '@mini-nova/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment, printOutputOnFailure, type ServerJson } from './support/deployment.ts';

/** Milliseconds between two requests: 5 per second. */
const PACE = 200;
/** Milliseconds: generous, for a machine that is busy with other things. */
const SETTLED = { timeout: 150_000, interval: 1000 };
/** Seconds that the server is away. */
const AWAY = 3;

let postgres: PrivatePostgres;
let proxy: TcpProxy;
let cloud: Deployment;

beforeAll(async () => {
  postgres = await startPostgres();
  const url = new URL(await postgres.createDatabase());
  proxy = await TcpProxy.to(Number(url.port));
  url.port = String(proxy.port);
  cloud = await Deployment.start({ database: { url: url.href } });
});
afterAll(async () => {
  await cloud?.close();
  await proxy?.close();
  await postgres?.close();
});
printOutputOnFailure(() => cloud);

interface Answer {
  status: number;
  retryAfter: string | null;
  /** The server's id; empty if none was made. */
  id: string;
}

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${cloud.endpoint}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { server } = text === '' ? { server: undefined } : JSON.parse(text);
  return { status: response.status, retryAfter: response.headers.get('retry-after'), id: server?.id ?? '' };
}

async function boots(prefix: string): Promise<(n: number) => Promise<Answer>> {
  const [image] = await cloud.nova<{ id: string }[]>('image-list');
  return (n) =>
    ask('POST', '/servers', { server: { name: `${prefix}-${n}`, imageRef: image?.id, flavorRef: '1' } });
}

/** Makes requests at the pace, for as long as `fault` takes and two seconds before and after it. */
async function underLoad(
  request: (n: number) => Promise<Answer> | undefined,
  fault: () => Promise<void>,
): Promise<Answer[]> {
  const answers: Promise<Answer>[] = [];
  let over = false;
  const load = (async () => {
    for (let n = 0; !over; n += 1) {
      const answer = request(n);
      if (answer) answers.push(answer);
      await sleep(PACE); // the pace
    }
  })();
  await sleep(2000); // load before the fault
  await fault();
  await sleep(2000); // and after it
  over = true;
  await load;
  return Promise.all(answers);
}

function expectNoFailure(answers: Answer[], accepted: number): void {
  for (const { status, retryAfter } of answers) {
    expect([accepted, 503]).toContain(status);
    if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
  }
  expect(answers.filter(({ status }) => status === accepted).length).toBeGreaterThan(5);
}

async function statuses(): Promise<Record<string, string>> {
  const servers = await cloud.nova<ServerJson[]>('list');
  return Object.fromEntries(servers.map(({ id, status }) => [id, status]));
}

async function expectAllActive(answers: Answer[]): Promise<void> {
  const accepted = answers.filter(({ status }) => status === 202).map(({ id }) => id);
  const wanted = Object.fromEntries(accepted.map((id) => [id, 'ACTIVE']));
  await expect.poll(statuses, SETTLED).toMatchObject(wanted);
}

async function deleteAll(): Promise<void> {
  const ids = Object.keys(await statuses());
  if (ids.length > 0) await cloud.nova('delete', '--poll', ...ids);
}

async function restart(seconds = AWAY): Promise<void> {
  await postgres.stop('fast');
  await sleep(seconds * 1000); // the fault itself: the server is away
  await postgres.start();
}

test('a restart of PostgreSQL under boots: every one that was accepted ends ACTIVE, none is answered with 500', async () => {
  const answers = await underLoad(await boots('restart'), () => restart());
  expectNoFailure(answers, 202);
  await expectAllActive(answers);
});

test('a restart under deletions: each server whose deletion was accepted is gone', async () => {
  const ids = Object.keys(await statuses());
  const answers = await underLoad(
    (n) => {
      const id = ids[n];
      return id === undefined
        ? undefined
        : ask('DELETE', `/servers/${id}`).then((answer) => ({ ...answer, id }));
    },
    () => restart(),
  );
  expectNoFailure(answers, 204);
  const deleted = answers.filter(({ status }) => status === 204).map(({ id }) => id);
  const left = async () => Object.keys(await statuses()).filter((id) => deleted.includes(id));
  await expect.poll(left, SETTLED).toEqual([]);
  await deleteAll();
  await expect.poll(() => cloud.database.consumers(), SETTLED).toEqual([]);
});

test('connections that die silently under boots: every one that was accepted ends ACTIVE', async () => {
  const answers = await underLoad(await boots('silent'), async () => {
    expect(proxy.silencePresent()).toBeGreaterThan(0);
  });
  expectNoFailure(answers, 202);
  await expectAllActive(answers);
  await deleteAll();
});

test('a starting daemon waits for PostgreSQL, and can be told to stop meanwhile', async () => {
  await postgres.stop('fast');
  const args = [
    '--host',
    'late',
    '--transport-url',
    cloud.rabbit.url,
    '--database-connection',
    cloud.databaseUrl,
  ];
  const late = await startDaemon('nova-scheduler', args);
  await late.waitForLine(/Waiting for the database/, 60);
  expect(await late.stop('SIGTERM')).toMatchObject({ code: 0 });

  const patient = await startDaemon('nova-scheduler', args);
  await patient.waitForLine(/Waiting for the database/, 60);
  await postgres.start();
  await patient.waitForLine(/Service started/, 60);
  expect(patient.output.match(/Waiting for the database/g)).toHaveLength(1);
  expect(await patient.stop('SIGTERM')).toMatchObject({ code: 0 });
});

test('a daemon that starts with the name of a missing database says so, and exits with 1', async () => {
  const wrong = new URL(cloud.databaseUrl);
  wrong.pathname = '/nowhere';
  const daemon = await startDaemon('nova-scheduler', [
    ...['--transport-url', cloud.rabbit.url, '--database-connection', wrong.href],
  ]);
  await daemon.waitForLine(/The database cannot be used: database \\"nowhere\\" does not exist/, 60);
  expect(await daemon.ended).toBe(1);
});

test('an outage that is longer than instance_build_timeout under boots: every one that was accepted ends ACTIVE', async () => {
  await cloud.close();
  // Both are shorter than the outage, and long enough for a busy machine.
  const env = {
    OS_DEFAULT__INSTANCE_BUILD_TIMEOUT: '18',
    OS_DEFAULT__SERVICE_DOWN_TIME: '15',
    OS_FAKE__SPAWN_DELAY: '1',
  };
  cloud = await Deployment.start({ database: { url: await postgres.createDatabase() }, env });
  const answers = await underLoad(await boots('long'), () => restart(20));
  expectNoFailure(answers, 202);
  await expectAllActive(answers);
});
