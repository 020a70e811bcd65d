import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { InstanceStore } from '@mini-nova/data/instances/store';
import { listPortsOfDevice } from '@mini-nova/data/ports/queries';
import { type RunningCloud, startCloud } from '@mini-nova/services-testing/cloud-fixture';
import { manage } from '@mini-nova/services-testing/run-manage';
import { nova } from '@mini-nova/services-testing/run-nova';
import { tempDir } from '@mini-nova/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';

const database = `sqlite:///${join(tempDir(), 'nova.sqlite')}`;
const bus = `memory://guests-${randomUUID()}/`;
let cloud: RunningCloud;
let db: Database;
let uuid: string;

beforeAll(async () => {
  cloud = await startCloud({ 'DEFAULT.transport_url': bus, 'database.connection': database }, ['host1']);
  db = await openDatabase(database);
});
afterAll(async () => {
  await db?.close();
  await cloud?.stop();
});

async function loseRecords(): Promise<void> {
  for (const table of ['instances', 'allocations', 'ports'] as const) {
    await db.kysely.deleteFrom(table).execute();
  }
}

/** A guest whose record, allocation and port are lost. */
beforeEach(async () => {
  await loseRecords();
  uuid = await boot('lost');
  await loseRecords();
});

async function boot(name: string): Promise<string> {
  const booted = await nova(cloud.endpoint, [
    ...['boot', '--flavor', 'm1.tiny', '--image', 'cirros'],
    ...['--poll', '--json', name],
  ]);
  expect(booted.code, booted.err).toBe(0);
  return booted.json().id;
}

const guest = (command: string, ...args: string[]) =>
  manage(
    ...['--database-connection', database, '--transport-url', bus],
    ...['guest', command, '--host', 'host1', ...args],
  );

interface Listed {
  uuid: string;
  state: string;
  interfaces: { id: string }[];
}

async function listed(): Promise<Listed[]> {
  const { code, out, err } = await guest('list', '--all', '--json');
  expect(code, err).toBe(0);
  return JSON.parse(out) as Listed[];
}

test('lists guests without a record', async () => {
  const { code, out } = await guest('list');
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`\\| ${uuid} \\| lost +\\| unknown +\\| - +\\| 1 +\\| 512 `));
});

test('adopts one: it is a server again, with its addresses and its allocation', async () => {
  const before = (await listed()).find((one) => one.uuid === uuid);

  expect(await guest('adopt', uuid, '--user', 'u2')).toEqual({
    code: 0,
    out: `Adopted ${uuid}.\n`,
    err: '',
  });

  expect((await listed()).find((one) => one.uuid === uuid)?.state).toBe('here');
  const ports = await listPortsOfDevice(db.kysely, uuid);
  expect(ports.map((port) => port.uuid)).toEqual(before?.interfaces.map(({ id }) => id));
  expect(await new InstanceStore(db.kysely).getByUuid(uuid)).toMatchObject({
    user_id: 'u2',
    vm_state: 'active',
    host: 'host1',
    display_name: 'lost',
    flavor: { name: 'm1.tiny' },
  });
  const rows = await db.kysely
    .selectFrom('allocations')
    .selectAll()
    .where('consumer_uuid', '=', uuid)
    .execute();
  expect(Object.fromEntries(rows.map(({ resource_class, used }) => [resource_class, used]))).toEqual({
    VCPU: 1,
    MEMORY_MB: 512,
    DISK_GB: 1,
  });
  expect(await nova(cloud.endpoint, ['delete', uuid])).toMatchObject({ code: 0, err: '' });
  await expect.poll(async () => (await listed()).map((one) => one.uuid)).not.toContain(uuid);
});

test('adopts one that still holds its allocation', async () => {
  await guest('adopt', uuid);
  for (const table of ['instances', 'ports'] as const) await db.kysely.deleteFrom(table).execute();

  expect(await guest('adopt', uuid)).toMatchObject({ code: 0, err: '' });

  expect((await listed()).find((one) => one.uuid === uuid)?.state).toBe('here');
});

test('passes on what the database says', async () => {
  await sql`create trigger failing before insert on instances
    begin select raise(abort, 'the database failed as the test asked'); end`.execute(db.kysely);
  onTestFinished(async () => void (await sql`drop trigger failing`.execute(db.kysely)));

  const { code, err } = await guest('adopt', uuid);

  expect([code, err]).toEqual([1, expect.stringContaining('the database failed as the test asked')]);
});

test('adopts only what has no record', async () => {
  await guest('adopt', uuid);
  expect(await guest('adopt', uuid)).toMatchObject({ code: 1, err: expect.stringMatching(/\(here\)/) });
  const other = randomUUID();
  expect(await guest('adopt', other)).toMatchObject({
    code: 1,
    err: `There is no guest ${other} on host1.\n`,
  });
});

test('leaves an address to another port that has got it meanwhile', async () => {
  await boot('next');

  const { out } = await guest('adopt', uuid);

  expect(out).toMatch(
    /^Adopted .*\nAnother port has the address 10\.0\.0\.\d+; the guest keeps using it\.\n$/,
  );
  expect(await listPortsOfDevice(db.kysely, uuid)).toEqual([]);
});

test('removes one only when that is confirmed', async () => {
  expect(await guest('remove', uuid)).toMatchObject({ code: 2, err: expect.stringMatching(/give --yes/) });
  expect((await listed()).map((one) => one.uuid)).toContain(uuid);

  expect(await guest('remove', uuid, '--yes')).toMatchObject({ code: 0, err: '' });
  expect((await listed()).map((one) => one.uuid)).not.toContain(uuid);
});

test('does not remove the guest of a server', async () => {
  await guest('adopt', uuid);
  expect(await guest('remove', uuid, '--yes')).toMatchObject({
    code: 1,
    err: 'Nothing was done: its instance is recorded on this host: delete the server.\n',
  });
});

test('lets a compute go on whose own records were missing', async () => {
  expect(await guest('accept-records')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/are not missing/),
  });
  await db.kysely.deleteFrom('compute_nodes').execute();
  await listed();
  const suspended = () => cloud.services.map((service) => JSON.stringify(service.report?.() ?? '')).join();

  expect(await guest('accept-records')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Done: accepted: node host1 was recorded as /),
  });
  expect(suspended()).not.toMatch(/destruction_suspended_since":"/);
});
