import { SchemaOutOfDate } from '@mini-nova/database';
import { describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { listFlavors } from '../flavors/queries.ts';
import { assertMigrated, migrate, schemaVersion } from '../migrate.ts';

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

    it('are asked for by the error of a database that lacks them', async () => {
      await expect(assertMigrated(db())).rejects.toThrow(SchemaOutOfDate);
      await expect(assertMigrated(db())).rejects.toThrow('nova-manage db sync');
      await migrate(db());
      await expect(assertMigrated(db())).resolves.toBeUndefined();
    });

    it('leave nothing behind when one fails', async () => {
      // The last migration finds its table there already.
      await db().kysely.schema.createTable('ports').addColumn('uuid', 'text').execute();

      await expect(migrate(db())).rejects.toThrow(/ports/);

      expect((await schemaVersion(db())).current).toBe(0);
      await db().kysely.schema.dropTable('ports').execute();
      await migrate(db());
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
