import { randomUUID } from 'node:crypto';
import { isUniqueViolation } from '@mini-nova/database';
import { RequestSpec } from '@mini-nova/objects';
import { newFlavor } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { RequestSpecStore } from '../request-specs/store.ts';

function newSpec(): RequestSpec {
  return RequestSpec.fromComponents({
    instanceUuid: randomUUID(),
    projectId: 'p1',
    userId: 'u1',
    flavor: newFlavor(),
    image: { id: randomUUID(), properties: { hw_architecture: 'x86_64' } },
    filterProperties: { ignore_hosts: ['host9'], retry: { num_attempts: 1, hosts: [['host1', 'node1']] } },
  });
}

export function describeRequestSpecStore(database: () => Database): void {
  describe('request specs', () => {
    let store: RequestSpecStore;

    beforeEach(() => {
      store = new RequestSpecStore(database().kysely);
    });

    it('keep what concerns the instance, and nothing of a single attempt', async () => {
      const spec = newSpec();
      await store.create(spec);
      const stored = await store.findByInstanceUuid(spec.instance_uuid);
      expect(stored?.values()).toMatchObject({
        id: spec.id,
        retry: null,
        ignore_hosts: null,
        num_instances: 1,
      });
      expect(stored?.image?.properties.hw_architecture).toBe('x86_64');
      expect(stored?.flavor.toPrimitive()).toEqual(spec.flavor.toPrimitive());
      expect([stored?.changes(), spec.changes()]).toEqual([[], []]);
      expect([spec.ignore_hosts, spec.retry?.num_attempts]).toEqual([['host9'], 1]);
    });

    it('are unique for each instance', async () => {
      const spec = newSpec();
      await store.create(spec);
      await expect(store.create(spec.clone())).rejects.toSatisfy(isUniqueViolation);
    });

    it('can be saved and deleted', async () => {
      const spec = newSpec();
      expect(await store.save(spec)).toBe(false);
      await store.create(spec);
      spec.availability_zone = 'az1';
      expect(await store.save(spec)).toBe(true);
      expect((await store.findByInstanceUuid(spec.instance_uuid))?.availability_zone).toBe('az1');
      expect(await store.delete(spec.instance_uuid)).toBe(true);
      expect(await store.delete(spec.instance_uuid)).toBe(false);
      expect(await store.findByInstanceUuid(spec.instance_uuid)).toBeUndefined();
    });
  });
}
