import { randomUUID } from 'node:crypto';
import { InstanceExists, InstanceNotFound } from '@mini-nova/domain/exceptions';
import {
  Instance,
  InstanceFault,
  MigrationContext,
  Resource,
  ResourceList,
  Tag,
  TagList,
} from '@mini-nova/objects';
import { newFlavor, newInstance } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { InstanceStore, type StateChange } from '../instances/store.ts';
import { describeSaves } from './instance-save-behaviour.ts';

export function describeInstanceStore(database: () => Database): void {
  describe('instances', () => {
    let store: InstanceStore;

    beforeEach(() => {
      store = new InstanceStore(database().kysely);
    });

    async function created(values: Parameters<typeof newInstance>[0] = {}): Promise<Instance> {
      const instance = newInstance(values);
      await store.create(instance);
      return instance;
    }

    describe('creating', () => {
      it('sets id and times, and leaves no field marked as changed', async () => {
        const before = Date.now();
        const instance = await created();
        expect(instance.id).toBeGreaterThan(0);
        expect(instance.created_at?.getTime()).toBeGreaterThanOrEqual(before);
        expect(instance.values()).toMatchObject({ updated_at: null, deleted: false, deleted_at: null });
        expect(instance.changes()).toEqual([]);
      });

      it('gives a uuid to an instance without one', async () => {
        const instance = new Instance({ display_name: 'vm' });
        await store.create(instance);
        expect((await store.getByUuid(instance.uuid)).display_name).toBe('vm');
      });

      it('keeps the flavors and the context of a move', async () => {
        const resized = newFlavor();
        resized.memory_mb = 1024;
        const resources = new ResourceList({
          objects: [
            new Resource({ provider_uuid: randomUUID(), resource_class: 'CUSTOM_FPGA', identifier: 'a' }),
          ],
        });
        const migration_context = new MigrationContext({
          ...{ instance_uuid: randomUUID(), migration_id: 7, new_resources: resources, old_resources: null },
          ...{
            new_numa_topology: null,
            old_numa_topology: null,
            new_pci_devices: null,
            old_pci_devices: null,
          },
          ...{ new_pci_requests: null, old_pci_requests: null },
        });
        const { uuid } = await created({ migration_context, old_flavor: newFlavor(), new_flavor: resized });

        const instance = await store.getByUuid(uuid);
        expect(instance.migration_context?.toPrimitive()).toEqual(migration_context.toPrimitive());
        expect(instance.new_flavor?.memory_mb).toBe(1024);
        await store.update(instance, { migration_context: null, old_flavor: null, new_flavor: null });
        const confirmed = { migration_context: null, old_flavor: null, new_flavor: null };
        expect((await store.getByUuid(uuid)).values()).toMatchObject(confirmed);
      });

      it('keeps every field', async () => {
        const instance = await created({
          launched_at: new Date(Date.UTC(2026, 0, 31, 12, 0, 0, 123)),
          access_ip_v4: '10.0.0.1',
          auto_disk_config: true,
          system_metadata: { image_min_ram: '0', owner: null },
          tags: new TagList({ objects: [new Tag({ tag: 'blue' })] }),
          old_flavor: null,
        });
        const stored = await store.getByUuid(instance.uuid);
        expect(stored.changes()).toEqual([]);
        for (const [field, value] of Object.entries(instance.values())) {
          if (value instanceof Date || typeof value !== 'object' || value === null) {
            expect([field, stored.get(field)]).toEqual([field, value]);
          } else {
            expect([field, stored.fieldToPrimitive(field)]).toEqual([
              field,
              instance.fieldToPrimitive(field),
            ]);
          }
        }
      });

      it('gives empty values to fields that cannot be null', async () => {
        const instance = new Instance({ uuid: randomUUID() });
        await store.create(instance);
        const stored = await store.getByUuid(instance.uuid);
        expect([stored.metadata, stored.system_metadata, stored.tags.length, stored.locked]).toEqual([
          {},
          {},
          0,
          false,
        ]);
        expect(stored.has('flavor')).toBe(false);
        expect(stored.changes()).toEqual([]);
      });

      it('twice is refused', async () => {
        const instance = await created();
        await expect(store.create(newInstance({ uuid: instance.uuid }))).rejects.toThrow(InstanceExists);
      });

      it('can be part of a transaction', async () => {
        const instance = newInstance();
        const failed = database().transaction(async (trx) => {
          await store.within(trx).create(instance);
          throw new Error('changed my mind');
        });
        await expect(failed).rejects.toThrow('changed my mind');
        await expect(store.getByUuid(instance.uuid)).rejects.toThrow(InstanceNotFound);
      });
    });

    describe('listing', () => {
      it('begins with the newest', async () => {
        const uuids = [await created(), await created(), await created()].map(({ uuid }) => uuid);
        expect((await store.list()).objects.map(({ uuid }) => uuid)).toEqual(uuids.reverse());
      });

      it('finds by host, project and state', async () => {
        const one = await created({ host: 'host1', project_id: 'p2', display_name: 'a', vm_state: 'active' });
        await created({ host: 'host2' });
        const filters = [{ host: 'host1' }, { projectId: 'p2' }, { vmStates: ['active', 'error'] }];
        for (const filter of filters) {
          expect((await store.list(filter)).objects.map(({ uuid }) => uuid)).toEqual([one.uuid]);
        }
        expect((await store.list({ host: 'host1', projectId: 'p1' })).length).toBe(0);
      });

      it('goes in pages', async () => {
        const uuids = [await created(), await created(), await created()].map(({ uuid }) => uuid).reverse();
        const first = await store.search({ limit: 2 });
        expect(first.objects.map(({ uuid }) => uuid)).toEqual(uuids.slice(0, 2));
        const second = await store.search({ limit: 2, marker: uuids[1] ?? '' });
        expect(second.objects.map(({ uuid }) => uuid)).toEqual(uuids.slice(2));
      });

      it('continues after a marker that was deleted meanwhile', async () => {
        const [one, two] = [await created(), await created()];
        await store.destroy(two);
        const rest = await store.search({ marker: two.uuid });
        expect(rest.objects.map(({ uuid }) => uuid)).toEqual([one.uuid]);
      });

      it('refuses a marker that never existed', async () => {
        await expect(store.search({ marker: randomUUID() })).rejects.toThrow(InstanceNotFound);
      });
    });

    describeSaves(database);

    describe('deleting', () => {
      it('keeps the record', async () => {
        const instance = await created({ vm_state: 'active', task_state: 'deleting' });
        expect(await store.destroy(instance)).toBe(true);
        expect(instance.values()).toMatchObject({ deleted: true, vm_state: 'deleted', task_state: null });
        await expect(store.getByUuid(instance.uuid)).rejects.toThrow(InstanceNotFound);
        const stored = await store.getByUuid(instance.uuid, { includeDeleted: true });
        expect(stored.deleted_at).toBeInstanceOf(Date);
        expect((await store.list()).length).toBe(0);
        expect((await store.list({ deleted: true })).length).toBe(1);
      });

      it('twice has an effect only once', async () => {
        const instance = await created();
        await store.destroy(instance);
        const deletedAt = instance.deleted_at;
        expect(await store.destroy(instance)).toBe(false);
        expect(instance.deleted_at).toEqual(deletedAt);
      });

      it('of an instance that never existed is refused', async () => {
        await expect(store.destroy(newInstance())).rejects.toThrow(InstanceNotFound);
      });
    });

    describe('faults', () => {
      it('are kept, and the newest is returned', async () => {
        const { uuid } = await created();
        expect(await store.latestFault(uuid)).toBeUndefined();
        for (const message of ['first', 'second']) {
          const fault = new InstanceFault({
            instance_uuid: uuid,
            code: 500,
            message,
            details: 'a\nb',
            host: 'host1',
          });
          await store.addFault(fault);
          expect([fault.id > 0, fault.changes()]).toEqual([true, []]);
        }
        const fault = await store.latestFault(uuid);
        expect(fault?.values()).toMatchObject({
          code: 500,
          message: 'second',
          details: 'a\nb',
          host: 'host1',
        });
        expect(fault?.created_at).toBeInstanceOf(Date);
      });

      it('come back for several instances at once', async () => {
        const [one, two] = [await created(), await created()];
        await store.addFault(new InstanceFault({ instance_uuid: one.uuid, code: 404, message: 'gone' }));
        const faults = await store.latestFaults([one.uuid, two.uuid]);
        expect([...faults].map(([uuid, fault]) => [uuid, fault.code])).toEqual([[one.uuid, 404]]);
        expect(await store.latestFaults([])).toEqual(new Map());
      });
    });

    describe('state listeners', () => {
      it('are called for creations, changes of states and deletions, and for nothing else', async () => {
        const heard: StateChange[] = [];
        store.onStateChange((change) => heard.push(change));
        const instance = await created();
        instance.host = 'host1';
        await store.save(instance);
        Object.assign(instance, { vm_state: 'active', task_state: null });
        await store.save(instance);
        await store.destroy(instance);
        await store.destroy(instance);
        expect(heard.map(({ uuid, vm_state, task_state }) => [uuid, vm_state, task_state])).toEqual([
          [instance.uuid, 'building', 'scheduling'],
          [instance.uuid, 'active', null],
          [instance.uuid, 'deleted', null],
        ]);
        expect(heard.every(({ at }) => Math.abs(Date.now() - at) < 60_000)).toBe(true);
      });

      it('are no longer called once they are removed', async () => {
        const heard: StateChange[] = [];
        const stop = store.onStateChange((change) => heard.push(change));
        stop();
        await created();
        expect(heard).toEqual([]);
      });

      it('are called for changes in a transaction', async () => {
        const heard: StateChange[] = [];
        store.onStateChange((change) => heard.push(change));
        await database().transaction((trx) => store.within(trx).create(newInstance()));
        expect(heard.length).toBe(1);
      });
    });
  });
}
