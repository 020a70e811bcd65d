import { isUniqueViolation } from '@mini-nova/database';
import { MigrationNotFound } from '@mini-nova/domain/exceptions';
import { newInstance, newMigration } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { MigrationStore } from '../instance-migrations/store.ts';
import { deleteInstance } from '../instances/deletion.ts';
import { InstanceStore } from '../instances/store.ts';

export function describeMigrationStore(database: () => Database): void {
  describe('migrations', () => {
    let store: MigrationStore;

    beforeEach(() => {
      store = new MigrationStore(database().kysely);
    });

    it('keep every field', async () => {
      const migration = newMigration({
        dest_host: '192.0.2.2',
        old_instance_type_id: 1,
        new_instance_type_id: 2,
        hidden: true,
        memory_total: 2 ** 40,
        memory_processed: 2 ** 39,
        memory_remaining: 2 ** 39,
        disk_total: 2 ** 42,
        disk_processed: 0,
        disk_remaining: 2 ** 42,
        cross_cell_move: true,
        user_id: 'u1',
        project_id: 'p1',
      });
      await store.create(migration);

      const stored = await store.get({ uuid: migration.uuid });
      expect(stored.toPrimitive()).toEqual(migration.toPrimitive());
      expect(stored.values()).toMatchObject({ memory_total: 2 ** 40, hidden: true, deleted: false });
      expect(stored.changes()).toEqual([]);
      expect((await store.get({ id: migration.id })).uuid).toBe(migration.uuid);
    });

    it('that do not exist are neither found nor saved', async () => {
      await expect(store.get({ uuid: 'nothing' })).rejects.toThrow(MigrationNotFound);
      const absent = Object.assign(newMigration(), { id: 1 });
      await expect(store.save(absent)).rejects.toThrow(MigrationNotFound);
    });

    it('have a unique uuid', async () => {
      const migration = newMigration();
      await store.create(migration);
      const again = newMigration({ uuid: migration.uuid });
      await expect(store.create(again)).rejects.toSatisfy(isUniqueViolation);
    });

    it('save only changed fields', async () => {
      const migration = newMigration();
      await store.create(migration);
      migration.status = 'post-migrating';
      expect(await store.save(migration)).toEqual(['status', 'updated_at']);
      expect(await store.save(migration)).toEqual([]);
      expect((await store.get(migration)).status).toBe('post-migrating');
    });

    it('are found by host, node, instance, status and type, newest first', async () => {
      const [resize, live, back] = [
        newMigration({ instance_uuid: 'vm1' }),
        newMigration({ instance_uuid: 'vm2', migration_type: 'live-migration', status: 'completed' }),
        newMigration({ instance_uuid: 'vm2', source_compute: 'host2', source_node: 'b', dest_compute: 'a' }),
      ];
      for (const migration of [resize, live, back]) await store.create(migration);
      const found = async (filters: Parameters<MigrationStore['list']>[0]) =>
        (await store.list(filters)).objects.map(({ uuid }) => uuid);

      expect(await found({})).toEqual([back.uuid, live.uuid, resize.uuid]);
      expect(await found({ host: 'host2' })).toEqual([back.uuid, live.uuid, resize.uuid]);
      expect(await found({ host: 'host2', node: 'b' })).toEqual([back.uuid]);
      expect(await found({ sourceCompute: 'host1' })).toEqual([live.uuid, resize.uuid]);
      expect(await found({ instanceUuids: ['vm2'], statuses: ['completed'] })).toEqual([live.uuid]);
      expect(await found({ types: ['resize'] })).toEqual([back.uuid, resize.uuid]);
      expect(await found({ underWay: true, limit: 1 })).toEqual([back.uuid]);
    });

    it('are under way in every status that does not mean that they are over', async () => {
      const statuses = ['queued', 'finished', 'a status of the future', null, 'done', 'error', 'confirmed'];
      for (const status of statuses) await store.create(newMigration({ status }));

      const { objects } = await store.list({ underWay: true });

      const found = objects.map(({ status }) => status).reverse();
      expect(found).toEqual(['queued', 'finished', 'a status of the future', null]);
    });

    it('are deleted with their instance, whatever their status', async () => {
      const instances = new InstanceStore(database().kysely);
      const instance = newInstance();
      await instances.create(instance);
      const migration = newMigration({ instance_uuid: instance.uuid });
      await store.create(migration);

      await deleteInstance(database(), instances, instance);

      await expect(store.get(migration)).rejects.toThrow(MigrationNotFound);
      expect((await store.list({ underWay: true, deleted: 'any' })).objects).toEqual([]);
      const [deleted] = (await store.list({ deleted: true })).objects;
      expect(deleted?.values()).toMatchObject({ uuid: migration.uuid, status: 'migrating', deleted: true });
    });
  });
}
