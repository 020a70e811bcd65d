import { isUniqueViolation } from '@mini-nova/database';
import { BlockDeviceMapping, BlockDeviceMappingList, BuildRequest, type Instance } from '@mini-nova/objects';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';
import { BuildRequestStore } from '../build-requests/store.ts';
import type { Database } from '../database.ts';

function requestFor(instance: Instance, project_id = 'p1'): BuildRequest {
  return new BuildRequest({ instance_uuid: instance.uuid, project_id, instance });
}

export function describeBuildRequestStore(database: () => Database): void {
  describe('build requests', () => {
    let store: BuildRequestStore;

    beforeEach(() => {
      store = new BuildRequestStore(database().kysely);
    });

    it('keep the requested instance', async () => {
      const instance = newInstance();
      const request = requestFor(instance);
      const mapping = new BlockDeviceMapping({
        source_type: 'image',
        destination_type: 'local',
        boot_index: 0,
      });
      request.block_device_mappings = new BlockDeviceMappingList({ objects: [mapping] });
      await store.create(request);
      const stored = await store.findByInstanceUuid(instance.uuid);
      expect(stored?.id).toBe(request.id);
      expect(stored?.instance.toPrimitive()).toEqual(instance.toPrimitive());
      expect(stored?.block_device_mappings.objects[0]?.source_type).toBe('image');
      expect(stored?.tags.length).toBe(0);
      expect([stored?.changes(), request.changes()]).toEqual([[], []]);
    });

    it('are unique for each instance', async () => {
      const instance = newInstance();
      await store.create(requestFor(instance));
      await expect(store.create(requestFor(instance))).rejects.toSatisfy(isUniqueViolation);
    });

    it('can be saved until they are deleted', async () => {
      const request = requestFor(newInstance());
      await store.create(request);
      request.instance.vm_state = 'error';
      expect(await store.save(request)).toBe(true);
      expect((await store.findByInstanceUuid(request.instance_uuid))?.instance.vm_state).toBe('error');
      await store.delete(request.instance_uuid);
      expect(await store.save(request)).toBe(false);
    });

    it('are deleted by exactly one of several who try', async () => {
      const request = requestFor(newInstance());
      await store.create(request);
      const deletions = [store.delete(request.instance_uuid), store.delete(request.instance_uuid)];
      expect((await Promise.all(deletions)).filter(Boolean)).toEqual([true]);
      expect(await store.findByInstanceUuid(request.instance_uuid)).toBeUndefined();
    });

    it('are listed newest first, by project', async () => {
      const requests = [
        requestFor(newInstance()),
        requestFor(newInstance()),
        requestFor(newInstance(), 'p2'),
      ];
      for (const request of requests) await store.create(request);
      const ids = requests.map(({ id }) => id);
      expect((await store.list()).objects.map(({ id }) => id)).toEqual([...ids].reverse());
      expect((await store.list({ projectId: 'p2' })).objects.map(({ id }) => id)).toEqual(ids.slice(2));
    });
  });
}
