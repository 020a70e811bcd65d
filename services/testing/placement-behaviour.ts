import { randomUUID } from 'node:crypto';
import { listMigrationsWithAllocations } from '@mini-nova/data/allocations/leftovers';
import {
  findProvider,
  insertAllocations,
  listAllocationsOfConsumer,
  listUsages,
} from '@mini-nova/data/allocations/queries';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { MigrationStore } from '@mini-nova/data/instance-migrations/store';
import { insertInstance, softDeleteInstance } from '@mini-nova/data/instances/queries';
import { migrate } from '@mini-nova/data/migrate';
import type { ResourceAmounts } from '@mini-nova/domain/resources';
import {
  allocationsByConsumer,
  allocationsByProvider,
  areMade,
  claimAll,
  claimResources,
  moveAllocations,
  orphanedAllocations,
  releaseAllocations,
  releaseClaims,
  unknownConsumers,
} from '@mini-nova/placement/allocations';
import { setInventory } from '@mini-nova/placement/inventory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newMigration } from './new-objects.ts';
import { inventories } from './scheduling.ts';

/** What placement guarantees on every database. `create` returns the URL of a new database that several can open. */
export function describePlacement(name: string, create: () => Promise<string>): void {
  describe(`placement on ${name}`, () => {
    let connection: string;
    let db: Database;

    beforeEach(async () => {
      connection = await create();
      db = await openDatabase(connection);
      await migrate(db);
      await setInventory(db, {
        providerUuid: 'p1',
        providerName: 'node1',
        inventories: inventories({ vcpus: 4 }),
      });
    });
    afterEach(() => db.close());

    function claim(consumerUuid: string, resources: ResourceAmounts, providerUuid = 'p1') {
      return claimResources(db, { consumerUuid, allocations: { [providerUuid]: resources } });
    }

    async function recordMigration(status: string): Promise<string> {
      const migration = newMigration({ status });
      await new MigrationStore(db.kysely).create(migration);
      return migration.uuid;
    }

    async function used(resourceClass: string): Promise<number> {
      const usages = await listUsages(db.kysely, 'p1');
      return usages.find(({ resource_class }) => resource_class === resourceClass)?.used ?? 0;
    }

    it('allocates all of a claim or nothing', async () => {
      expect(await claim('vm1', { VCPU: 3, MEMORY_MB: 1024 })).toBe('claimed');
      expect(await claim('vm2', { MEMORY_MB: 1, VCPU: 2 })).toBe('full');
      expect(await claim('vm3', { VCPU: 1 })).toBe('claimed');

      expect(await allocationsByConsumer(db, 'p1')).toEqual({
        vm1: { VCPU: 3, MEMORY_MB: 1024 },
        vm3: { VCPU: 1 },
      });
    });

    it('refuses a class without inventory and a provider it does not know', async () => {
      expect(await claim('vm1', { GPU: 1 })).toBe('full');
      expect(await claim('vm1', { VCPU: 1 }, 'absent')).toBe('full');
    });

    it('deducts what is reserved before it overcommits', async () => {
      const vcpus = { VCPU: { total: 4, reserved: 1, allocation_ratio: 2 } };
      await setInventory(db, { providerUuid: 'p1', providerName: 'node1', inventories: vcpus });

      expect(await claim('vm1', { VCPU: 6 })).toBe('claimed');
      expect(await claim('vm2', { VCPU: 1 })).toBe('full');
    });

    it('does not double what a consumer already holds on the provider', async () => {
      await claim('vm1', { VCPU: 3 });

      expect(await claim('vm1', { VCPU: 3 })).toBe('held');

      expect(await used('VCPU')).toBe(3);
      expect((await findProvider(db.kysely, 'p1'))?.generation).toBe(2);
    });

    it('checks and makes a larger claim of a consumer on the provider, and leaves a smaller one as it is', async () => {
      await claim('vm1', { VCPU: 1, MEMORY_MB: 512 });
      await claim('vm2', { VCPU: 1 });

      expect(await claim('vm1', { VCPU: 4, MEMORY_MB: 512 })).toBe('full');
      expect(await claim('vm1', { VCPU: 3, MEMORY_MB: 256, DISK_GB: 5 })).toBe('claimed');
      expect(await claim('vm1', { VCPU: 2, DISK_GB: 5 })).toBe('held');

      const held = { VCPU: 3, MEMORY_MB: 512, DISK_GB: 5 };
      expect(await allocationsByConsumer(db, 'p1')).toEqual({ vm1: held, vm2: { VCPU: 1 } });
    });

    it('gives back what a larger claim added, and no more', async () => {
      await claim('vm1', { VCPU: 1, MEMORY_MB: 512 });
      const before = await listAllocationsOfConsumer(db.kysely, 'vm1');
      const larger = { consumerUuid: 'vm1', allocations: { p1: { VCPU: 2, DISK_GB: 5 } } };
      const made = await db.transaction((trx) => claimAll(trx, [larger]), { lostCommit: areMade });
      if (typeof made === 'string') throw new Error(made);

      await releaseClaims(db, made);
      await releaseClaims(db, made);

      expect(await listAllocationsOfConsumer(db.kysely, 'vm1')).toEqual(before);
    });

    it('gives nothing back that a later claim relies on', async () => {
      await claim('vm1', { VCPU: 1 });
      const larger = { consumerUuid: 'vm1', allocations: { p1: { VCPU: 3 } } };
      const made = await db.transaction((trx) => claimAll(trx, [larger]), { lostCommit: areMade });
      if (typeof made === 'string') throw new Error(made);
      expect(await claim('vm1', { VCPU: 3 })).toBe('held');

      await releaseClaims(db, made);

      expect(await allocationsByProvider(db, 'vm1')).toEqual({ p1: { VCPU: 3 } });
    });

    it('claims on several providers, on all or on none', async () => {
      await addAccelerators();
      const both = { p1: { VCPU: 1 }, p2: { CUSTOM_FPGA: 2 } };

      expect(await claimResources(db, { consumerUuid: 'vm1', allocations: both })).toBe('claimed');
      expect(await claimResources(db, { consumerUuid: 'vm1', allocations: both })).toBe('held');
      expect(await claimResources(db, { consumerUuid: 'vm2', allocations: both })).toBe('full');

      expect(await allocationsByProvider(db, 'vm1')).toEqual(both);
      expect(await allocationsByProvider(db, 'vm2')).toEqual({});
    });

    it('gives back what a claim on several providers added on one of them', async () => {
      await addAccelerators();
      await claim('vm1', { VCPU: 1 });
      const both = { consumerUuid: 'vm1', allocations: { p1: { VCPU: 1 }, p2: { CUSTOM_FPGA: 1 } } };
      const made = await db.transaction((trx) => claimAll(trx, [both]), { lostCommit: areMade });
      if (typeof made === 'string') throw new Error(made);

      await releaseClaims(db, made);

      expect(await allocationsByProvider(db, 'vm1')).toEqual({ p1: { VCPU: 1 } });
    });

    async function addAccelerators(): Promise<void> {
      const card = { CUSTOM_FPGA: { total: 2, reserved: 0, allocation_ratio: 1 } };
      await setInventory(db, { providerUuid: 'p2', providerName: 'card', inventories: card });
    }

    it('moves all that a consumer holds to another, also repeatedly, and back', async () => {
      await setInventory(db, { providerUuid: 'p2', providerName: 'node2', inventories: inventories() });
      await claim('vm1', { VCPU: 4 });

      expect(await moveAllocations(db, 'vm1', 'migration')).toBe('moved');
      expect(await moveAllocations(db, 'vm1', 'migration')).toBe('moved');
      expect(await claim('vm2', { VCPU: 1 })).toBe('full');
      expect(await claim('vm1', { VCPU: 2 }, 'p2')).toBe('claimed');
      expect(await allocationsByProvider(db, 'migration')).toEqual({ p1: { VCPU: 4 } });

      // The move is reverted.
      expect(await moveAllocations(db, 'migration', 'vm1')).toBe('moved');
      expect(await allocationsByProvider(db, 'vm1')).toEqual({ p1: { VCPU: 4 } });
      expect(await allocationsByProvider(db, 'migration')).toEqual({});
    });

    it('moves nothing if there is nothing to move, or to an instance that has ended', async () => {
      const at = new Date().toISOString();
      await insertInstance(db.kysely, { uuid: 'vm1', vm_state: 'active', created_at: at });
      expect(await moveAllocations(db, 'migration', 'vm1')).toBe('absent');
      await claim('migration', { VCPU: 1 });
      await softDeleteInstance(db.kysely, 'vm1', at);

      expect(await moveAllocations(db, 'migration', 'vm1')).toBe('ended');
      expect(await allocationsByConsumer(db, 'p1')).toEqual({ migration: { VCPU: 1 } });
    });

    it('does not double a claim that is made twice at the same time', async () => {
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => claim('vm1', { VCPU: 1 })));

      expect(outcomes.sort()).toEqual(['claimed', ...Array.from({ length: 7 }, () => 'held')]);
      expect(await used('VCPU')).toBe(1);
    });

    it('gives 20 places to exactly 20 of 50 concurrent claims', async () => {
      await setInventory(db, {
        providerUuid: 'p1',
        providerName: 'node1',
        inventories: inventories({ vcpus: 20 }),
      });
      const databases = [db, ...(await Promise.all([1, 2, 3].map(() => openDatabase(connection))))];

      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          claimResources(databases[n % databases.length] ?? db, {
            consumerUuid: randomUUID(),
            allocations: { p1: { VCPU: 1, MEMORY_MB: 64 } },
          }),
        ),
      );

      expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(20);
      expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(30);
      expect(await used('VCPU')).toBe(20);
      expect(await used('MEMORY_MB')).toBe(20 * 64);
      await Promise.all(databases.slice(1).map((other) => other.close()));
    });

    it('loses neither claims nor inventories that are written at the same time', async () => {
      const other = await openDatabase(connection);
      const reports = Array.from({ length: 10 }, (_, n) =>
        setInventory(other, {
          providerUuid: 'p1',
          providerName: 'node1',
          inventories: inventories({ vcpus: 100 + n }),
        }),
      );
      const claims = Array.from({ length: 10 }, (_, n) => claim(`vm${n}`, { VCPU: 10 }));

      await Promise.all([...reports, ...claims]);

      const held = await used('VCPU');
      const claimed = (await Promise.all(claims)).filter((outcome) => outcome === 'claimed').length;
      expect(held).toBe(10 * claimed);
      expect(held).toBeLessThanOrEqual(109);
      await other.close();
    });

    it('keeps allocations, and the provider, when an inventory is replaced', async () => {
      await claim('vm1', { VCPU: 3 });
      await setInventory(db, {
        providerUuid: 'p1',
        providerName: 'node1',
        inventories: inventories({ vcpus: 2 }),
      });

      expect(await used('VCPU')).toBe(3);
      expect(await claim('vm2', { VCPU: 1 })).toBe('full');
    });

    it('does not write an unchanged inventory', async () => {
      const inventory = { providerUuid: 'p1', providerName: 'node1', inventories: inventories({ vcpus: 4 }) };
      const before = await findProvider(db.kysely, 'p1');

      await setInventory(db, inventory);
      expect(await findProvider(db.kysely, 'p1')).toEqual(before);

      await setInventory(db, { ...inventory, providerName: 'renamed' });
      expect(await findProvider(db.kysely, 'p1')).toMatchObject({ name: 'renamed', generation: 2 });
    });

    it('releases what a consumer holds, on one provider or on all, also repeatedly', async () => {
      await setInventory(db, { providerUuid: 'p2', providerName: 'node2', inventories: inventories() });
      await claim('vm1', { VCPU: 2 });
      await claim('vm1', { VCPU: 2 }, 'p2');
      expect(await allocationsByProvider(db, 'vm1')).toEqual({ p1: { VCPU: 2 }, p2: { VCPU: 2 } });

      expect(await releaseAllocations(db, 'vm1', 'p1')).toBe(true);
      expect(await allocationsByProvider(db, 'vm1')).toEqual({ p2: { VCPU: 2 } });
      expect(await releaseAllocations(db, 'vm1')).toBe(true);
      expect(await releaseAllocations(db, 'vm1')).toBe(false);
      expect(await claim('vm2', { VCPU: 4 })).toBe('claimed');
    });

    it('holds both flavors of an instance that is resized on its host', async () => {
      await claim('instance', { VCPU: 1 });
      await moveAllocations(db, 'instance', 'migration');

      expect(await claim('instance', { VCPU: 4 })).toBe('full');
      expect(await claim('instance', { VCPU: 3 })).toBe('claimed');

      const both = { migration: { VCPU: 1 }, instance: { VCPU: 3 } };
      expect(await allocationsByConsumer(db, 'p1')).toEqual(both);
    });

    it('moves nothing to a migration that is over, but moves what such a migration holds', async () => {
      const migration = await recordMigration('error');
      await claim('instance', { VCPU: 1 });
      expect(await moveAllocations(db, 'instance', migration)).toBe('ended');

      const provider = { provider_uuid: 'p1', resource_class: 'VCPU', used: 2 };
      const held = { ...provider, consumer_uuid: migration, created_at: new Date().toISOString() };
      await insertAllocations(db.kysely, [held]);
      expect(await moveAllocations(db, migration, 'instance')).toBe('moved');
      expect(await allocationsByConsumer(db, 'p1')).toEqual({ instance: { VCPU: 2 } });
    });

    it('loses nothing in concurrent moves from a consumer to another and back', async () => {
      const other = await openDatabase(connection);
      await claim('instance', { VCPU: 1 });
      const moves = Array.from({ length: 10 }, (_, n) => {
        const on = n % 3 === 0 ? other : db;
        return n % 2 === 0
          ? moveAllocations(on, 'instance', 'migration')
          : moveAllocations(on, 'migration', 'instance');
      });

      expect(new Set(await Promise.all(moves))).toEqual(new Set(['moved']));

      expect(await used('VCPU')).toBe(1);
      await other.close();
    });

    it('finds the migrations that are over and hold something, and no others', async () => {
      const holding: string[] = [];
      for (const status of ['finished', 'error', 'confirmed']) {
        const consumer_uuid = await recordMigration(status);
        const provider = { provider_uuid: 'p1', resource_class: 'VCPU', used: 1 };
        const held = { ...provider, consumer_uuid, created_at: new Date().toISOString() };
        await insertAllocations(db.kysely, [held]);
        holding.push(consumer_uuid);
      }
      await recordMigration('reverted');
      const found = async (before: Date) =>
        (await listMigrationsWithAllocations(db.kysely, before.toISOString())).map(({ uuid }) => uuid);

      expect(await found(new Date(Date.now() + 60_000))).toEqual(holding.slice(1));
      expect(await found(new Date(Date.now() - 60_000))).toEqual([]);
      expect(await unknownConsumers(db, 0, new Date(Date.now() + 60_000))).toEqual([]);
    });

    it('makes no claim for a migration that is over', async () => {
      for (const [status, outcome] of Object.entries({ migrating: 'claimed', error: 'ended' })) {
        const uuid = await recordMigration(status);
        expect(await claim(uuid, { VCPU: 1 })).toBe(outcome);
      }
    });

    it('finds consumers without a record once they have held something for long enough', async () => {
      const now = new Date();
      await insertInstance(db.kysely, { uuid: 'vm1', vm_state: 'building', created_at: now.toISOString() });
      await claim('vm1', { VCPU: 1 });
      await claim('gone', { VCPU: 1, MEMORY_MB: 1 });

      const later = new Date(now.getTime() + 61_000);
      expect(await unknownConsumers(db, 60, now)).toEqual([]);
      expect(await unknownConsumers(db, 60, later)).toEqual(['gone']);
      expect(await orphanedAllocations(db, 60, later)).toEqual([]);
    });
  });
}
