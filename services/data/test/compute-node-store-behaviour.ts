import { isUniqueViolation } from '@mini-nova/database';
import { ComputeHostNotFound } from '@mini-nova/domain/exceptions';
import { HVSpec } from '@mini-nova/objects';
import { newComputeNode } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';
import { ComputeNodeStore } from '../compute-nodes/store.ts';
import type { Database } from '../database.ts';

export function describeComputeNodeStore(database: () => Database): void {
  describe('compute nodes', () => {
    let store: ComputeNodeStore;

    beforeEach(() => {
      store = new ComputeNodeStore(database().kysely);
    });

    it('keep every field', async () => {
      const node = newComputeNode({
        cpu_info: '{"arch":"x86_64"}',
        stats: { failed_builds: '0', io_workload: null },
        host_ip: '10.0.0.1',
        supported_hv_specs: [new HVSpec({ arch: 'x86_64', hv_type: 'kvm', vm_mode: 'hvm' })],
        pci_device_pools: null,
        cpu_allocation_ratio: 4.5,
        free_ram_mb: 32256,
      });
      await store.create(node);
      const stored = await store.getByHostAndNodename('host1', 'node1');
      expect(stored?.toPrimitive()).toEqual(node.toPrimitive());
      expect(stored?.values()).toMatchObject({
        cpu_info: '{"arch":"x86_64"}',
        stats: { failed_builds: '0', io_workload: null },
        cpu_allocation_ratio: 4.5,
        mapped: 0,
      });
      expect(stored?.supported_hv_specs[0]?.hv_type).toBe('kvm');
      expect(stored?.changes()).toEqual([]);
    });

    it('are found by uuid and id', async () => {
      const node = newComputeNode();
      await store.create(node);
      expect((await store.getByUuid(node.uuid)).id).toBe(node.id);
      expect((await store.getById(node.id)).uuid).toBe(node.uuid);
    });

    it('that do not exist are not found', async () => {
      expect(await store.getByHostAndNodename('host1', 'node1')).toBeUndefined();
      await expect(store.getByUuid('nothing')).rejects.toThrow(ComputeHostNotFound);
      await expect(store.getById(1)).rejects.toThrow(ComputeHostNotFound);
    });

    it('are unique for host and name', async () => {
      await store.create(newComputeNode());
      await expect(store.create(newComputeNode())).rejects.toSatisfy(isUniqueViolation);
    });

    it('save only changed fields', async () => {
      const node = newComputeNode({ stats: {} });
      await store.create(node);
      node.vcpus_used = 2;
      if (node.stats) node.stats.failed_builds = '1';
      expect(await store.save(node)).toEqual(['stats', 'updated_at', 'vcpus_used']);
      expect(await store.save(node)).toEqual([]);
      expect((await store.getByUuid(node.uuid)).values()).toMatchObject({
        vcpus_used: 2,
        stats: { failed_builds: '1' },
      });
    });

    it('are listed by host, without deleted ones', async () => {
      const [one, two] = [newComputeNode(), newComputeNode({ host: 'host2' })];
      await store.create(one);
      await store.create(two);
      expect((await store.list({ host: 'host2' })).objects.map(({ uuid }) => uuid)).toEqual([two.uuid]);
      expect(await store.delete(one)).toBe(true);
      expect(await store.delete(one)).toBe(false);
      expect((await store.list()).objects.map(({ uuid }) => uuid)).toEqual([two.uuid]);
      one.vcpus_used = 1;
      await expect(store.save(one)).rejects.toThrow(ComputeHostNotFound);
    });
  });
}
