import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openDatabase } from '@mini-nova/data/database';
import { ServiceStore } from '@mini-nova/data/services/store';
import { Service } from '@mini-nova/objects';
import { type RunningCloud, startCloud } from '@mini-nova/services-testing/cloud-fixture';
import { manage } from '@mini-nova/services-testing/run-manage';
import { tempDir } from '@mini-nova/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

const database = `sqlite:///${join(tempDir(), 'nova.sqlite')}`;
const bus = `memory://ping-${randomUUID()}/`;
let cloud: RunningCloud;

beforeAll(async () => {
  cloud = await startCloud({ 'DEFAULT.transport_url': bus, 'database.connection': database }, ['host1']);
});
afterAll(() => cloud?.stop());

const ping = (...args: string[]) =>
  manage('--database-connection', database, '--transport-url', bus, 'service', 'ping', ...args);

/** Daemons of which there is only a record. */
async function record(...services: Partial<Service>[]): Promise<void> {
  const db = await openDatabase(database);
  for (const values of services) {
    await new ServiceStore(db.kysely).create(
      new Service({ binary: 'nova-compute', topic: 'compute', last_seen_up: new Date(), ...values }),
    );
  }
  await db.close();
}

test('each daemon answers; the REST API has no RPC', async () => {
  const { code, out, err } = await ping();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.split('\n')[1]).toMatch(
    /^\| Binary +\| Host +\| Answer +\| Milliseconds \| Observability_Port \| Reason +\|$/,
  );
  expect(out).toMatch(/\| nova-conductor +\| control +\| yes +\| [\d.]+ +\| - +\| - +\|/);
  expect(out).toMatch(/\| nova-compute +\| host1 +\| yes/);
  expect(out).toMatch(/\| nova-osapi_compute +\| control +\| no RPC +\| - +\| - +\| - +\|/);
});

test('prints JSON, of those that were asked for', async () => {
  const { code, out } = await ping('--json', '--host', 'control', '--binary', 'nova-scheduler');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual([
    {
      binary: 'nova-scheduler',
      host: 'control',
      answer: 'yes',
      reason: null,
      milliseconds: expect.any(Number),
      backdoor_port: null,
      failed: false,
    },
  ]);
});

test('the exit code is 1 when a daemon that should answer does not, and 0 when none was expected to', async () => {
  await record(
    { host: 'stopped', last_seen_up: new Date(0) },
    { host: 'forced', forced_down: true },
    { host: 'disabled', disabled: true },
  );
  // Daemons that are not there have no queue: their calls fail at once, whatever the timeout.
  const idle = await ping('--timeout', '60', '--json');
  expect(idle.code).toBe(0);
  const answers = (JSON.parse(idle.out) as { host: string; answer: string; reason: string }[]).filter(
    ({ answer }) => answer === 'no',
  );
  expect(answers.map(({ host, reason }) => [host, reason])).toEqual([
    ['stopped', 'it has stopped'],
    ['forced', 'it was forced down'],
    ['disabled', 'it is disabled'],
  ]);

  await record({ host: 'lost' }, { host: 'crashed', last_seen_up: new Date('2026-01-01T00:00:00Z') });
  const { code, out, err } = await ping('--timeout', '60');
  expect(code).toBe(1);
  expect(err).toBe('No answer from nova-compute on lost, nova-compute on crashed.\n');
  expect(out).toMatch(/\| nova-compute +\| lost +\| no +\| - +\| - +\| \S/);
});

test('a daemon that is not recorded is exit code 1', async () => {
  expect(await ping('--host', 'nowhere')).toEqual({
    code: 1,
    out: '',
    err: 'There is no record of such a service.\n',
  });
});

test.each([
  [['--timeout', '0'], /number of seconds above 0/],
  [['--timeout', 'soon'], /number of seconds above 0/],
  [['extra'], /too many arguments/],
  [['--frobnicate'], /unknown option '--frobnicate'/],
])('%j is wrong use: exit code 2', async (args, message) => {
  const { code, out, err } = await ping(...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
});
