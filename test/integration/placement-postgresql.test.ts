import { dateAllocations, lockConsumers } from '@mini-nova/data/allocations/queries';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { allocationsByProvider, areMade, claimAll, releaseClaims } from '@mini-nova/placement/allocations';
import { setInventory } from '@mini-nova/placement/inventory';
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
