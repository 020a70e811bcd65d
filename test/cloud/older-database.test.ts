import { join } from 'node:path';
import { openDatabase } from '@mini-nova/data/database';
import { schemaVersion } from '@mini-nova/data/migrate';
import { resourcesOf } from '@mini-nova/domain/resources';
import type { Instance } from '@mini-nova/objects';
import { allocationsByProvider, moveAllocations } from '@mini-nova/placement/allocations';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newMigration } from '@mini-nova/services-testing/new-objects';
import { tempDir } from '@mini-nova/testing';
import { sql } from 'kysely';
import { expect, it } from 'vitest';

/** Leaves the database of a cloud that ran, with an instance, in the schema from before moves. */
async function makeOlder(database: string): Promise<Instance> {
  const cloud = await Cloud.start({ hosts: { host1: {} }, database });
  const instance = await cloud.bootActive();
  await cloud.stop();
  const db = await openDatabase(database);
  for (const table of ['migrations', 'shadow_migrations']) await db.kysely.schema.dropTable(table).execute();
  await sql`delete from schema_version where version = 9`.execute(db.kysely);
  expect(await schemaVersion(db)).toMatchObject({ current: 8, pending: ['instance migrations'] });
  await db.close();
  return instance;
}

it('serves the contents of a database of schema version 8, and migrates it', async () => {
  const database = `sqlite:///${join(tempDir(), 'nova.sqlite')}`;
  const { uuid } = await makeOlder(database);

  const cloud = await Cloud.start({ hosts: { host1: {} }, database });
  await cloud.runTasks('host1');
  const instance = await cloud.instances.getByUuid(uuid);
  expect(instance).toMatchObject({ vm_state: 'active', task_state: null, host: 'host1' });
  const [node] = await cloud.computeNodes.list();
  const held = { [node?.uuid ?? '']: resourcesOf(instance.flavor) };
  expect(await allocationsByProvider(cloud.db, uuid)).toEqual(held);

  const migration = newMigration({ instance_uuid: uuid });
  await cloud.migrations.create(migration);
  expect(await moveAllocations(cloud.db, uuid, migration.uuid)).toBe('moved');
  expect(await allocationsByProvider(cloud.db, migration.uuid)).toEqual(held);

  await cloud.delete(uuid);
  expect(await cloud.settled(uuid)).toMatchObject({ deleted: true });
  expect(await cloud.guests()).toEqual({ host1: [] });
  expect(await cloud.allocated()).toBe(0);
});
