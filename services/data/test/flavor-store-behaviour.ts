import { isUniqueViolation } from '@mini-nova/database';
import { FlavorNotFound } from '@mini-nova/domain/exceptions';
import { Flavor } from '@mini-nova/objects';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { FlavorStore } from '../flavors/store.ts';

export function describeFlavorStore(database: () => Database): void {
  describe('flavors', () => {
    let store: FlavorStore;

    beforeEach(() => {
      store = new FlavorStore(database().kysely);
    });

    it('of a new database are listed', async () => {
      const names = (await store.list()).objects.map(({ name }) => name);
      expect(names).toEqual(['m1.tiny', 'm1.small', 'm1.medium', 'm1.large', 'm1.xlarge']);
    });

    it('are found by id, flavorid and name', async () => {
      const small = await store.getByFlavorid('2');
      expect(small.values()).toMatchObject({
        name: 'm1.small',
        memory_mb: 2048,
        vcpus: 1,
        root_gb: 20,
        extra_specs: {},
      });
      expect((await store.getById(small.id)).name).toBe('m1.small');
      expect((await store.getByName('m1.small')).id).toBe(small.id);
    });

    it('that do not exist are not found', async () => {
      await expect(store.getById(99)).rejects.toThrow(FlavorNotFound);
      await expect(store.getByFlavorid('99')).rejects.toThrow('Flavor 99 could not be found.');
      await expect(store.getByName('m9')).rejects.toThrow(FlavorNotFound);
    });

    it('can be created and deleted', async () => {
      const extra_specs = { 'hw:cpu_policy': 'dedicated' };
      const flavor = new Flavor({
        name: 'big',
        flavorid: 'big',
        memory_mb: 1,
        vcpus: 1,
        root_gb: 0,
        extra_specs,
      });
      await store.create(flavor);
      expect(flavor.values()).toMatchObject({ swap: 0, ephemeral_gb: 0, is_public: true, rxtx_factor: 1 });
      expect((await store.getById(flavor.id)).values()).toEqual(flavor.values());
      await expect(store.create(flavor.clone())).rejects.toSatisfy(isUniqueViolation);
      expect(await store.delete(flavor)).toBe(true);
      await expect(store.getByFlavorid('big')).rejects.toThrow(FlavorNotFound);
    });
  });
}
