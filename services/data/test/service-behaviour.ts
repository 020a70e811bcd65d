import { isUniqueViolation } from '@mini-nova/database';
import { describe, expect, it } from 'vitest';
import {
  findComputeNode,
  insertComputeNode,
  listComputeHosts,
  listComputeNodes,
  softDeleteComputeNode,
  updateComputeNode,
} from '../compute-nodes/store.ts';
import type { Database } from '../database.ts';
import {
  findService,
  insertService,
  listServices,
  recordHeartbeat,
  softDeleteService,
  updateService,
} from '../services/store.ts';
import { AT, newComputeNode, newService } from './rows.ts';

const LATER = '2026-01-31T12:00:10.000Z';

export function describeServices(db: () => Database): void {
  describe('service records', () => {
    it('come back with the values and types they were given', async () => {
      const service = newService({ disabled: true, disabled_reason: 'repair', version: 66 });

      const inserted = await insertService(db().kysely, service);

      expect(await findService(db().kysely, 'host1', 'nova-compute')).toEqual(inserted);
      expect(inserted).toEqual({
        id: inserted.id,
        uuid: service.uuid,
        host: 'host1',
        binary: 'nova-compute',
        topic: null,
        report_count: 0,
        disabled: true,
        disabled_reason: 'repair',
        last_seen_up: null,
        forced_down: false,
        version: 66,
        availability_zone: null,
        clock_skew: null,
        created_at: AT,
        updated_at: null,
        deleted_at: null,
        deleted: false,
      });
    });

    it('are unique for host and binary, until deleted', async () => {
      const { id } = await insertService(db().kysely, newService());
      await expect(insertService(db().kysely, newService())).rejects.toSatisfy(isUniqueViolation);

      expect(await softDeleteService(db().kysely, { id }, LATER)).toBe(true);
      expect(await softDeleteService(db().kysely, { id }, LATER)).toBe(false);

      expect(await findService(db().kysely, 'host1', 'nova-compute')).toBeUndefined();
      await insertService(db().kysely, newService());
    });

    it('count their heartbeats until they are deleted', async () => {
      const { id } = await insertService(db().kysely, newService());

      await recordHeartbeat(db().kysely, { id }, AT);
      expect(await recordHeartbeat(db().kysely, { id }, LATER)).toMatchObject({
        report_count: 2,
        last_seen_up: LATER,
      });

      await softDeleteService(db().kysely, { id }, LATER);
      expect(await recordHeartbeat(db().kysely, { id }, LATER)).toBeUndefined();
    });

    it('are not changed by a daemon that knows their id from another database', async () => {
      const { id, uuid } = await insertService(db().kysely, newService());
      const strange = { id, uuid: newService().uuid };
      expect(strange.uuid).not.toBe(uuid);

      expect(await recordHeartbeat(db().kysely, strange, LATER)).toBeUndefined();
      expect(await updateService(db().kysely, strange, { disabled: true })).toBeUndefined();
      expect(await softDeleteService(db().kysely, strange, LATER)).toBe(false);

      expect(await recordHeartbeat(db().kysely, { id, uuid }, LATER)).toMatchObject({ report_count: 1 });
    });

    it('are listed by host, binary and whether they are disabled', async () => {
      const first = await insertService(db().kysely, newService());
      await insertService(db().kysely, newService({ host: 'host2' }));
      await insertService(db().kysely, newService({ binary: 'nova-scheduler' }));
      await updateService(db().kysely, first, { disabled: true });

      const hosts = async (filters: Parameters<typeof listServices>[1]) =>
        (await listServices(db().kysely, filters)).map(({ host, binary }) => `${host} ${binary}`);
      expect(await hosts({ binary: 'nova-compute' })).toEqual(['host1 nova-compute', 'host2 nova-compute']);
      expect(await hosts({ host: 'host1' })).toEqual(['host1 nova-compute', 'host1 nova-scheduler']);
      expect(await hosts({ disabled: true })).toEqual(['host1 nova-compute']);
      expect(await hosts({})).toHaveLength(3);
    });
  });

  describe('compute nodes', () => {
    it('can be found by host and node name, changed, and deleted', async () => {
      const { uuid } = await insertComputeNode(db().kysely, newComputeNode());
      await insertComputeNode(db().kysely, newComputeNode({ host: 'host2' }));
      await expect(insertComputeNode(db().kysely, newComputeNode())).rejects.toSatisfy(isUniqueViolation);

      await updateComputeNode(db().kysely, uuid, { vcpus_used: 3, cpu_allocation_ratio: 1.1 });

      expect(await findComputeNode(db().kysely, 'host1', 'host1')).toMatchObject({
        uuid,
        vcpus_used: 3,
        cpu_allocation_ratio: 1.1,
      });
      expect(await softDeleteComputeNode(db().kysely, uuid, LATER)).toBe(true);
      expect(await softDeleteComputeNode(db().kysely, uuid, LATER)).toBe(false);
      expect((await listComputeNodes(db().kysely)).map(({ host }) => host)).toEqual(['host2']);
    });

    it('count as compute hosts if their host has a nova-compute record that is not deleted', async () => {
      const { uuid } = await insertComputeNode(db().kysely, newComputeNode());
      await insertService(db().kysely, newService({ last_seen_up: AT, availability_zone: 'east' }));
      await insertService(db().kysely, newService({ binary: 'nova-scheduler' }));
      await insertComputeNode(db().kysely, newComputeNode({ host: 'no-service' }));
      await insertService(db().kysely, newService({ host: 'no-node' }));
      await insertComputeNode(db().kysely, newComputeNode({ host: 'gone' }));
      const gone = await insertService(db().kysely, newService({ host: 'gone' }));
      await softDeleteService(db().kysely, gone, LATER);

      expect(await listComputeHosts(db().kysely)).toEqual([
        {
          uuid,
          host: 'host1',
          hypervisor_hostname: 'host1',
          disabled: false,
          forced_down: false,
          last_seen_up: AT,
          service_created_at: AT,
          availability_zone: 'east',
        },
      ]);
    });
  });
}
