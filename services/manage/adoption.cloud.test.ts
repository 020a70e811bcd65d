import { randomUUID } from 'node:crypto';
import type { GuestRecord } from '@mini-nova/compute/rpcapi';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { powerOutcome } from '@mini-nova/domain/states/instance-states';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { addHost } from '@mini-nova/services-testing/scheduling';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AdoptionRefused, adoptGuest } from './adoption.ts';

let db: Database;

beforeEach(async () => {
  db = await openDatabase('sqlite://');
  await migrate(db);
  await addHost(db, 'host1');
});
afterEach(() => db.close());

const guest: GuestRecord = {
  uuid: randomUUID(),
  state: 'unknown',
  recorded_host: null,
  node: 'host1.node',
  name: 'lost',
  project_id: null,
  user_id: null,
  flavor_name: 'm1.tiny',
  vcpus: 1,
  memory_mb: 512,
  disk_gb: 1,
  power_state: 1,
  interfaces: [],
};

const adopt = (changes: Partial<GuestRecord> = {}) =>
  adoptGuest(db, 'host1', { ...guest, ...changes }, { projectId: 'p1', userId: 'u1' });

test.each(Object.entries(PowerState))(
  'does not let power synchronization change a guest that is %s',
  async (_, power_state) => {
    const { instance } = await adopt({ power_state });

    expect(powerOutcome(instance.vm_state, power_state)).toBe('record');
  },
);

test('refuses a guest that has a record', async () => {
  await adopt();
  await expect(adopt()).rejects.toThrow(AdoptionRefused);
});

test('does not report another failure as an existing record', async () => {
  await sql`create trigger fail before insert on instances begin select raise(abort, 'disk trouble'); end`.execute(
    db.kysely,
  );
  await expect(adopt()).rejects.toThrow('disk trouble');
});
