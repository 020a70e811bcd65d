import { isUniqueViolation } from '@mini-nova/database';
import { vmStatesResting } from '@mini-nova/domain/states/vm-state';
import { beforeEach, describe, expect, it } from 'vitest';
import { listOrphanedAllocations, listUnknownConsumers } from '../allocations/leftovers.ts';
import {
  advanceGenerations,
  deleteAllocations,
  ensureProvider,
  findProvider,
  insertAllocations,
  listAllocationsOfConsumer,
  listInventories,
  listUsages,
  lockConsumers,
  lockProviders,
  replaceInventories,
} from '../allocations/queries.ts';
import { insertBuildRequest } from '../build-requests/store.ts';
import { insertComputeNode } from '../compute-nodes/store.ts';
import type { Database } from '../database.ts';
import { findInstance, insertInstance, softDeleteInstance, touchScheduling } from '../instances/queries.ts';
import { AT, newComputeNode, newInstance } from './rows.ts';

const BEFORE = '2026-01-31T11:00:00.000Z';

export function describeProviders(db: () => Database): void {
  describe('resource providers', () => {
    beforeEach(() => ensureProvider(db().kysely, { uuid: 'p1', name: 'node1', at: AT }));

    it('advance by a generation with each change', async () => {
      await ensureProvider(db().kysely, { uuid: 'p1', name: 'other', at: AT });
      await ensureProvider(db().kysely, { uuid: 'p2', name: 'node2', at: AT });

      await db().transaction(async (trx) => {
        expect(await lockProviders(trx, ['p2', 'absent', 'p1'])).toMatchObject([
          { uuid: 'p1' },
          { uuid: 'p2' },
        ]);
        await advanceGenerations(trx, ['p1', 'p2'], { at: AT });
        await advanceGenerations(trx, ['p1'], { at: AT, name: 'renamed' });
      });

      expect(await findProvider(db().kysely, 'p1')).toMatchObject({ name: 'renamed', generation: 2 });
      expect(await findProvider(db().kysely, 'p2')).toMatchObject({ name: 'node2', generation: 1 });
    });

    it('have their consumers locked without deadlock, and learn which have ended', async () => {
      await insertInstance(db().kysely, newInstance({ uuid: 'building' }));
      await insertInstance(db().kysely, newInstance({ uuid: 'failed', vm_state: 'error' }));
      await insertInstance(db().kysely, newInstance({ uuid: 'deleted' }));
      await softDeleteInstance(db().kysely, 'deleted', AT);
      const uuids = ['unknown', 'failed', 'deleted', 'building'];
      const lock = () => db().transaction((trx) => lockConsumers(trx, uuids));

      const answers = await Promise.all(Array.from({ length: 8 }, lock));

      for (const ended of answers) expect(ended.sort()).toEqual(['deleted', 'failed']);
    });

    it('let the records of waiting instances be touched, and no others', async () => {
      const scheduling = { vm_state: 'building', task_state: 'scheduling' };
      for (const uuid of ['other', 'waiting']) {
        await insertInstance(db().kysely, newInstance({ uuid, ...scheduling }));
      }
      await insertInstance(
        db().kysely,
        newInstance({ uuid: 'spawning', ...scheduling, task_state: 'spawning' }),
      );

      await touchScheduling(db().kysely, ['waiting', 'spawning', 'absent'], AT);

      const changed = async (uuid: string) => (await findInstance(db().kysely, uuid))?.updated_at ?? null;
      expect(await Promise.all(['waiting', 'other', 'spawning'].map(changed))).toEqual([AT, null, null]);
    });

    it('keep allocations when their inventories are replaced', async () => {
      const vcpu = { resource_class: 'VCPU', total: 8, reserved: 1, allocation_ratio: 4.5 };
      await replaceInventories(db().kysely, 'p1', [vcpu, { ...vcpu, resource_class: 'DISK_GB' }]);
      await insertAllocations(db().kysely, [allocation('c1', 2), allocation('c2', 3)]);

      await replaceInventories(db().kysely, 'p1', [{ ...vcpu, total: 16 }]);

      expect(await listInventories(db().kysely, 'p1')).toEqual([{ provider_uuid: 'p1', ...vcpu, total: 16 }]);
      expect(await listUsages(db().kysely)).toEqual([
        { provider_uuid: 'p1', resource_class: 'VCPU', used: 5 },
      ]);
    });

    it('hold at most one allocation of a class for a consumer', async () => {
      await insertAllocations(db().kysely, [allocation('c1', 2)]);
      await expect(insertAllocations(db().kysely, [allocation('c1', 2)])).rejects.toSatisfy(
        isUniqueViolation,
      );
    });

    it('release the allocations of one consumer, on one provider or on all', async () => {
      await ensureProvider(db().kysely, { uuid: 'p2', name: 'node2', at: AT });
      await insertAllocations(db().kysely, [
        allocation('c1', 1),
        { ...allocation('c1', 1), provider_uuid: 'p2' },
        allocation('c2', 1),
      ]);

      expect(await deleteAllocations(db().kysely, 'c1', 'p2')).toBe(1);
      expect(await listAllocationsOfConsumer(db().kysely, 'c1')).toHaveLength(1);
      expect(await deleteAllocations(db().kysely, 'c1')).toBe(1);
      expect(await deleteAllocations(db().kysely, 'c1')).toBe(0);
      expect(await listAllocationsOfConsumer(db().kysely, 'c2')).toHaveLength(1);
    });

    it('have orphaned allocations of instances that have ended, however new', async () => {
      await insertInstance(db().kysely, newInstance({ uuid: 'building' }));
      await insertInstance(db().kysely, newInstance({ uuid: 'failed', vm_state: 'error' }));
      await insertInstance(
        db().kysely,
        newInstance({ uuid: 'failed-on-host', vm_state: 'error', host: 'h' }),
      );
      await insertInstance(db().kysely, newInstance({ uuid: 'deleted' }));
      await softDeleteInstance(db().kysely, 'deleted', AT);
      const request = { project_id: 'p', instance: '', block_device_mappings: '', tags: '', created_at: AT };
      await insertBuildRequest(db().kysely, { instance_uuid: 'requested', ...request });
      const old = ['building', 'failed-on-host', 'requested', 'absent'];
      await insertAllocations(db().kysely, [
        ...old.map((consumer) => ({ ...allocation(consumer, 1), created_at: BEFORE })),
        { ...allocation('absent', 1), resource_class: 'DISK_GB', created_at: BEFORE },
        ...['deleted', 'failed', 'absent-but-new'].map((consumer) => allocation(consumer, 1)),
      ]);

      const orphaned = await listOrphanedAllocations(db().kysely, AT);

      expect(orphaned.map(({ consumer_uuid }) => consumer_uuid).sort()).toEqual(['deleted', 'failed']);
      expect(await listUnknownConsumers(db().kysely, AT)).toEqual(['absent']);
    });

    it('have orphaned allocations of an instance at rest on another node', async () => {
      const resting = [...vmStatesResting('on its host'), 'error'];
      await insertComputeNode(
        db().kysely,
        newComputeNode({ uuid: 'own', host: 'h', hypervisor_hostname: 'n' }),
      );
      const settled = { vm_state: 'active', task_state: null, host: 'h', node: 'n' };
      for (const vm_state of resting) {
        await insertInstance(db().kysely, newInstance({ uuid: vm_state, ...settled, vm_state }));
      }
      await insertInstance(db().kysely, newInstance({ uuid: 'moving', ...settled, task_state: 'migrating' }));
      await insertInstance(db().kysely, newInstance({ uuid: 'building', host: 'h', node: 'n' }));
      await ensureProvider(db().kysely, { uuid: 'own', name: 'n', at: AT });
      await insertAllocations(db().kysely, [
        ...[...resting, 'moving', 'building'].flatMap((consumer) => [
          { ...allocation(consumer, 1), created_at: BEFORE },
          { ...allocation(consumer, 1), created_at: BEFORE, provider_uuid: 'own' },
        ]),
      ]);

      const orphaned = await listOrphanedAllocations(db().kysely, AT);

      expect(orphaned.map(({ consumer_uuid }) => consumer_uuid).sort()).toEqual([...resting].sort());
      expect(new Set(orphaned.map(({ provider_uuid }) => provider_uuid))).toEqual(new Set(['p1']));
    });
  });
}

function allocation(consumer_uuid: string, used: number) {
  return { consumer_uuid, provider_uuid: 'p1', resource_class: 'VCPU', used, created_at: AT };
}
