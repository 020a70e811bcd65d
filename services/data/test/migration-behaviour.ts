import { migrate as apply, SchemaOutOfDate } from '@mini-nova/database';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { ensureProvider, insertAllocations } from '../allocations/queries.ts';
import type { Database } from '../database.ts';
import { listFlavors } from '../flavors/store.ts';
import { insertMigration, listMigrations } from '../instance-migrations/store.ts';
import { assertMigrated, migrate, migrations, schemaVersion } from '../migrate.ts';
import { AT, newInstance, newMigration } from './rows.ts';

export function describeMigrations(db: () => Database): void {
  describe('migrations', () => {
    it('bring an empty database to the latest version, once', async () => {
      const before = await schemaVersion(db());
      expect(before).toMatchObject({ current: 0, latest: before.pending.length });

      expect(await migrate(db())).toEqual(before.pending);

      expect(await schemaVersion(db())).toEqual({
        current: before.latest,
        latest: before.latest,
        pending: [],
      });
      expect(await migrate(db())).toEqual([]);
    });

    it('are named as the remedy in the error for a database without them', async () => {
      await expect(assertMigrated(db())).rejects.toThrow(SchemaOutOfDate);
      await expect(assertMigrated(db())).rejects.toThrow('nova-manage db sync');
      await migrate(db());
      await expect(assertMigrated(db())).resolves.toBeUndefined();
    });

    it('leave nothing behind when one fails', async () => {
      // A later migration finds that its table already exists.
      await db().kysely.schema.createTable('ports').addColumn('uuid', 'text').execute();

      await expect(migrate(db())).rejects.toThrow(/ports/);

      expect((await schemaVersion(db())).current).toBe(0);
      await db().kysely.schema.dropTable('ports').execute();
      await migrate(db());
    });

    it('keep all records of a database of an earlier version', async () => {
      const tables = ['instances', 'allocations', 'resource_providers', 'shadow_instances'] as const;
      const contents = () =>
        Promise.all(tables.map((table) => sql`select * from ${sql.table(table)}`.execute(db().kysely)));
      const [earlier, later] = [migrations.slice(0, 8), migrations.slice(8)];
      await apply(db(), earlier);
      const context = '{"nova_object.name":"MigrationContext"}';
      const instance = newInstance({ vm_state: 'active', migration_context: context });
      await db().kysely.insertInto('instances').values(instance).execute();
      await ensureProvider(db().kysely, { uuid: 'p1', name: 'node1', at: AT });
      const allocation = { provider_uuid: 'p1', resource_class: 'VCPU', used: 1, created_at: AT };
      await insertAllocations(db().kysely, [{ ...allocation, consumer_uuid: instance.uuid }]);
      const before = (await contents()).map(({ rows }) => rows);

      expect(await migrate(db())).toEqual(later.map(({ name }) => name));

      expect((await contents()).map(({ rows }) => rows)).toEqual(before);
      const { uuid } = await insertMigration(db().kysely, newMigration({ instance_uuid: instance.uuid }));
      expect(await listMigrations(db().kysely, { underWay: true })).toMatchObject([{ uuid, hidden: false }]);
    });

    it("seed Nova's flavors", async () => {
      await migrate(db());

      const flavors = await listFlavors(db().kysely);
      expect(flavors.map((f) => [f.flavorid, f.name, f.memory_mb, f.vcpus, f.root_gb])).toEqual([
        ['1', 'm1.tiny', 512, 1, 1],
        ['2', 'm1.small', 2048, 1, 20],
        ['3', 'm1.medium', 4096, 2, 40],
        ['4', 'm1.large', 8192, 4, 80],
        ['5', 'm1.xlarge', 16384, 8, 160],
      ]);
      expect(flavors[0]).toMatchObject({
        is_public: true,
        disabled: false,
        rxtx_factor: 1,
        extra_specs: '{}',
      });
    });
  });
}
