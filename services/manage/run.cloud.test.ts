import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@mini-nova/data/database';
import { ServiceStore } from '@mini-nova/data/services/store';
import { Service } from '@mini-nova/objects';
import { manage } from '@mini-nova/services-testing/run-manage';
import { tempDir } from '@mini-nova/testing';
import { expect, test } from 'vitest';

const newDatabase = () => `sqlite:///${join(tempDir(), 'nova.sqlite')}`;

const manageOf = (database: string, ...args: string[]) => manage('--database-connection', database, ...args);

test('db sync makes the schema and the network, and does nothing when run again', async () => {
  const database = newDatabase();
  expect(await manageOf(database, 'db', 'version')).toMatchObject({
    code: 0,
    out: '0\n',
    err: expect.stringMatching(/missing: services.*Run nova-manage db sync\.\n$/),
  });
  const first = await manageOf(database, 'db', 'sync');
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toMatch(/^The schema is at version \d+: applied services, /);
  const [, version] = /version (\d+)/.exec(first.out) ?? [];
  expect((await manageOf(database, 'db', 'sync')).out).toBe(
    `The schema is at version ${version}: nothing to do.\n`,
  );
  expect(await manageOf(database, 'db', 'version')).toEqual({ code: 0, out: `${version}\n`, err: '' });

  const db = await openDatabase(database);
  const networks = await db.kysely.selectFrom('networks').select(['label', 'cidr']).execute();
  await db.close();
  expect(networks).toEqual([{ label: 'private', cidr: '10.0.0.0/16' }]);
});

test('service list shows the daemons, as a table or as JSON', async () => {
  const database = newDatabase();
  await manageOf(database, 'db', 'sync');
  const db = await openDatabase(database);
  const services = new ServiceStore(db.kysely);
  await services.register({ host: 'host1', binary: 'nova-compute', topic: 'compute', version: 1 });
  const last_seen_up = new Date('2026-01-01T00:00:00Z');
  await services.create(
    new Service({ host: 'c', binary: 'nova-conductor', topic: 'conductor', last_seen_up }),
  );
  await db.close();

  const { out } = await manageOf(database, 'service', 'list');
  expect(out).toMatch(/\| nova-compute +\| host1 \| nova +\| enabled \| :-\) +\|/);
  expect(out).toMatch(/\| nova-conductor \| c +\| internal \| enabled \| XXX +\|/);
  const json = JSON.parse((await manageOf(database, 'service', 'list', '--json')).out);
  expect(json).toMatchObject([
    { binary: 'nova-compute', host: 'host1', state: 'up' },
    { binary: 'nova-conductor', state: 'down' },
  ]);
});

test('service list on a database without schema says what to run, and exits 1', async () => {
  expect(await manageOf(newDatabase(), 'service', 'list')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('nova-manage db sync'),
  });
});

test('a database that cannot be reached is one line, and exit code 1', async () => {
  const { code, err } = await manageOf('postgresql://127.0.0.1:1/nova', 'db', 'sync');
  expect(code).toBe(1);
  expect(err).toMatch(/^The database is away: .*ECONNREFUSED.*\n$/);
});

test('a file that is no database is one line, and exit code 1', async () => {
  const file = join(tempDir(), 'nova.sqlite');
  writeFileSync(file, 'no database, but long enough to be read as the head of one'.repeat(20));
  const { code, err } = await manageOf(`sqlite:///${file}`, 'db', 'sync');
  expect(code).toBe(1);
  expect(err).toMatch(/^[^\n]*not a database\n$/);
});

test.each([
  ['sqlite://', ['frobnicate'], /unknown command/],
  ['sqlite://', ['db'], /Usage: nova-manage db/],
  ['mysql://x/y', ['db', 'sync'], /--database-connection: \[database\] connection = mysql:\/\/x\/y: must be/],
] as const)('with %s, %j is wrong use: exit code 2', async (database, args, message) => {
  const { code, err } = await manageOf(database, ...args);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test.each([
  [['guest', 'list'], "required option '--host <host>' not specified", 'nova-manage guest list'],
  [['db', 'frob'], "unknown command 'frob'", 'nova-manage db'],
  [['frob'], "unknown command 'frob'", 'nova-manage'],
])('wrong use, as of %j, names the help of that command, and exits 2', async (args, reason, command) => {
  const err = `error: ${reason}\n(see ${command} --help)\n`;
  expect(await manage(...args)).toEqual({ code: 2, out: '', err });
});
