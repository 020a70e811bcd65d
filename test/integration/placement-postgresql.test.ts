import { EndedMigrations } from '@mini-nova/conductor/sweeps/ended-migrations';
import { dateAllocations, insertAllocations, lockConsumers } from '@mini-nova/data/allocations/queries';
import { ComputeNodeStore } from '@mini-nova/data/compute-nodes/store';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { MigrationStore } from '@mini-nova/data/instance-migrations/store';
import { InstanceStore } from '@mini-nova/data/instances/store';
import { migrate } from '@mini-nova/data/migrate';
import { silentLogger } from '@mini-nova/messaging';
import {
  allocationsByConsumer,
  allocationsByProvider,
  areMade,
  claimAll,
  releaseClaims,
} from '@mini-nova/placement/allocations';
import { setInventory } from '@mini-nova/placement/inventory';
import { newComputeNode, newInstance, newMigration } from '@mini-nova/services-testing/new-objects';
import { describePlacement } from '@mini-nova/services-testing/placement-behaviour';
import { inventories } from '@mini-nova/services-testing/scheduling';
import { getPostgresUrl } from '@mini-nova/testing';
import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { Gate } from '../../packages/messaging/test/rpc-fixture.ts';

describePlacement('PostgreSQL', getPostgresUrl);

it('gives back no claim that another is about to rely on', async () => {
  const connection = await getPostgresUrl();
  const db = await open(connection);
  const other = await open(connection);
  await migrate(db);
  await setInventory(db, { providerUuid: 'p1', providerName: 'node1', inventories: inventories() });
  const claim = { consumerUuid: 'vm1', allocations: { p1: { VCPU: 1 } } };
  const made = await db.transaction((trx) => claimAll(trx, [claim]), { lostCommit: areMade });
  if (typeof made === 'string') throw new Error(made);
  const locked = new Gate();
  const gate = new Gate();
  const at = new Date(Date.parse(made.at) + 1).toISOString();
  const adopting = other.transaction(
    async (trx) => {
      await lockConsumers(trx, ['vm1']);
      locked.open();
      await gate.opened;
      await dateAllocations(trx, { consumerUuid: 'vm1', providerUuid: 'p1', at });
    },
    { lostCommit: 'repeat' },
  );
  await locked.opened;

  let released = false;
  const releasing = releaseClaims(db, made).then(() => {
    released = true;
  });
  await expect.poll(async () => released || (await waitingForLocks(db)) === 1).toBe(true);
  gate.open();
  await Promise.all([adopting, releasing]);

  expect(await allocationsByProvider(db, 'vm1')).toEqual(claim.allocations);
});

it('judges what an ended migration holds by where its instance is once it is locked', async () => {
  const connection = await getPostgresUrl();
  const db = await open(connection);
  const other = await open(connection);
  await migrate(db);
  const node = newComputeNode({ host: 'host1', hypervisor_hostname: 'host1' });
  await new ComputeNodeStore(db.kysely).create(node);
  const inventory = { providerUuid: node.uuid, providerName: 'host1', inventories: inventories() };
  await setInventory(db, inventory);
  const instance = newInstance({ vm_state: 'active', host: 'host1', node: 'host1' });
  await new InstanceStore(db.kysely).create(instance);
  const migration = newMigration({ instance_uuid: instance.uuid, status: 'error' });
  await new MigrationStore(db.kysely).create(migration);
  const row = { consumer_uuid: migration.uuid, provider_uuid: node.uuid, resource_class: 'VCPU', used: 1 };
  await insertAllocations(db.kysely, [{ ...row, created_at: new Date().toISOString() }]);
  const [locked, gate] = [new Gate(), new Gate()];
  const leaving = other.transaction(
    async (trx) => {
      await lockConsumers(trx, [instance.uuid]);
      locked.open();
      await gate.opened;
      await new InstanceStore(trx).update(instance, { host: 'host2', node: 'host2' });
    },
    { lostCommit: 'repeat' },
  );
  await locked.opened;

  const now = new Date(Date.now() + 60_000);
  const settling = new EndedMigrations().settle({ db, age: 0, now, logger: silentLogger });
  await expect.poll(() => waitingForLocks(db)).toBe(1);
  gate.open();
  await Promise.all([leaving, settling]);

  expect(await allocationsByConsumer(db, node.uuid)).toEqual({});
});

async function open(connection: string): Promise<Database> {
  const db = await openDatabase(connection);
  onTestFinished(() => db.close());
  return db;
}

async function waitingForLocks(db: Database): Promise<number | undefined> {
  const query = sql<{ count: number }>`select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return (await query.execute(db.kysely)).rows[0]?.count;
}
