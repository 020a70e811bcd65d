import { openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { ServiceStore } from '@mini-nova/data/services/store';
import { databaseNow } from '@mini-nova/database';
import { NoValidHost } from '@mini-nova/domain/exceptions';
import type { ChangesOf, Service } from '@mini-nova/objects';
import { expect, it, onTestFinished } from 'vitest';
import { Presence } from './presence.ts';
import { SilentComputes } from './scheduling-line.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');
const DOWN_TIME = 60;

/** A cloud with one compute, whose record has these changes, and an outage that ended so many seconds ago. */
async function cloudAfter(seconds: number, changes: ChangesOf<Service>) {
  const db = await openDatabase('sqlite://');
  onTestFinished(() => db.close());
  await migrate(db);
  const services = new ServiceStore(db.kysely);
  const identity = { host: 'host1', binary: 'nova-compute', topic: 'compute', version: 61 };
  const service = await services.register(identity);
  await services.update(service, { last_seen_up: databaseNow(db.kysely), ...changes });
  const presence = new Presence({ db, since: performance.now() - seconds * 1000 });
  const computes = new SilentComputes({ services, presence, serviceDownTime: () => DOWN_TIME, pause: 1 });
  return { computes, report: () => services.heartbeat(service) };
}

/** Finds no host in its first attempts. */
function scheduling(failures: number, onFailure: (attempt: number) => Promise<void> = async () => {}) {
  let attempts = 0;
  const schedule = async () => {
    attempts += 1;
    if (attempts > failures) return 'host1';
    await onFailure(attempts);
    throw new NoValidHost({ reason: 'none is up' });
  };
  return { schedule, attempts: () => attempts };
}

it('schedules again after an outage until the computes report', async () => {
  const { computes } = await cloudAfter(1, { last_seen_up: LONG_AGO });
  expect(await computes.outwait(scheduling(5).schedule)).toBe('host1');
});

it('believes that there is no host only when that is found after all have reported', async () => {
  const { computes, report } = await cloudAfter(1, { last_seen_up: LONG_AGO });
  const { schedule, attempts } = scheduling(Number.POSITIVE_INFINITY, async (attempt) => {
    if (attempt === 3) await report();
  });
  await expect(computes.outwait(schedule)).rejects.toBeInstanceOf(NoValidHost);
  expect(attempts()).toBe(4);
});

it('takes a compute for down that has not reported within the service down time since the last outage', async () => {
  const { computes } = await cloudAfter(DOWN_TIME + 1, { last_seen_up: LONG_AGO });
  const { schedule, attempts } = scheduling(1);
  await expect(computes.outwait(schedule)).rejects.toBeInstanceOf(NoValidHost);
  expect(attempts()).toBe(1);
});

it.each<{ what: string; changes: ChangesOf<Service> }>([
  { what: 'disabled', changes: { last_seen_up: LONG_AGO, disabled: true } },
  { what: 'forced down', changes: { last_seen_up: LONG_AGO, forced_down: true } },
  { what: 'stopped', changes: { last_seen_up: new Date(0) } },
])('does not wait for a compute that is $what', async ({ changes }) => {
  const { computes } = await cloudAfter(1, changes);
  const { schedule, attempts } = scheduling(2);
  await expect(computes.outwait(schedule)).rejects.toBeInstanceOf(NoValidHost);
  expect(attempts()).toBe(2);
});
