import { ServiceRecordMissing } from '@mini-nova/service';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../database.ts';
import { migrate } from '../migrate.ts';
import { DatabaseServiceRecords } from './service-records.ts';
import { hasStopped, ServiceStore } from './store.ts';

const INFO = { host: 'host1', binary: 'nova-scheduler', topic: 'scheduler', version: 1 };

async function records() {
  const db = await openDatabase('sqlite://');
  onTestFinished(() => db.close());
  await migrate(db);
  const store = new ServiceStore(db.kysely);
  const shown = async () => {
    const service = await store.getByHostAndBinary(INFO.host, INFO.binary);
    if (!service) throw new Error('There is no record');
    return service;
  };
  return { store, shown, records: new DatabaseServiceRecords(store) };
}

it('is up from its registration to its stop', async () => {
  const { store, shown, records: own } = await records();
  await own.register(INFO);
  await own.heartbeat();
  expect(store.isUp(await shown(), 60)).toBe(true);

  await own.stopped();
  expect(store.isUp(await shown(), 60)).toBe(false);
  expect(hasStopped(await shown())).toBe(true);

  await own.register(INFO);
  expect(store.isUp(await shown(), 60)).toBe(true);
});

it('keeps, when it stops, what an operator has set', async () => {
  const { store, shown, records: own } = await records();
  await own.register(INFO);
  await store.save(Object.assign(await shown(), { disabled: true, disabled_reason: 'disk' }));
  await own.stopped();
  expect(await shown()).toMatchObject({ disabled: true, disabled_reason: 'disk' });
});

it('notices that its record is gone', async () => {
  const { store, shown, records: own } = await records();
  await own.register(INFO);
  await store.delete(await shown());
  await expect(own.heartbeat()).rejects.toThrow(ServiceRecordMissing);
  await expect(own.stopped()).rejects.toThrow(ServiceRecordMissing);
});

it('refuses to report before it has registered', async () => {
  const { records: own } = await records();
  await expect(own.heartbeat()).rejects.toThrow(TypeError);
  await expect(own.stopped()).rejects.toThrow(TypeError);
});
