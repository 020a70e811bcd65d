import { isUniqueViolation } from '@mini-nova/database';
import { describe, expect, it } from 'vitest';
import {
  deleteBuildRequest,
  findBuildRequest,
  insertBuildRequest,
  listBuildRequests,
  updateBuildRequest,
} from '../build-requests/store.ts';
import type { Database } from '../database.ts';
import { insertInstanceFault, latestInstanceFaults } from '../instance-faults/queries.ts';
import {
  findInstance,
  type InstanceFilters,
  insertInstance,
  listInstances,
  lockInstance,
  softDeleteInstance,
  updateInstance,
} from '../instances/queries.ts';
import {
  deleteRequestSpec,
  findRequestSpec,
  insertRequestSpec,
  updateRequestSpec,
} from '../request-specs/store.ts';
import { AT, newInstance } from './rows.ts';

const LATER = '2026-01-31T12:01:00.000Z';

export function describeInstances(db: () => Database): void {
  describe('instances', () => {
    it('come back with the values and types they were given', async () => {
      const values = newInstance({
        locked: true,
        memory_mb: 512,
        display_name: 'é"\u{1F600}',
        metadata: '{"a":"b"}',
      });

      const inserted = await insertInstance(db().kysely, values);

      expect(inserted).toMatchObject({ ...values, hidden: false, deleted: false, host: null });
      expect(await findInstance(db().kysely, values.uuid)).toEqual(inserted);
    });

    it('are hidden by deletion unless asked for', async () => {
      const { uuid } = await insertInstance(db().kysely, newInstance());

      expect(await softDeleteInstance(db().kysely, uuid, LATER)).toBe(true);
      expect(await softDeleteInstance(db().kysely, uuid, LATER)).toBe(false);

      expect(await findInstance(db().kysely, uuid)).toBeUndefined();
      expect(await findInstance(db().kysely, uuid, { includeDeleted: true })).toMatchObject({
        deleted: true,
        deleted_at: LATER,
        vm_state: 'deleted',
        task_state: null,
      });
    });

    const filters: [string, InstanceFilters, string[]][] = [
      ['no condition, newest first', {}, ['d', 'c', 'b', 'a']],
      ['host', { host: 'host1' }, ['b', 'a']],
      ['node', { node: 'node2' }, ['c']],
      ['project', { projectId: 'p1' }, ['c', 'a']],
      ['vm states', { vmStates: ['active', 'error'] }, ['d', 'b']],
      ['an empty list of vm states', { vmStates: [] }, []],
      ['the lack of a task', { taskStates: [null] }, ['d', 'b']],
      ['a task state or the lack of a task', { taskStates: ['spawning', null] }, ['d', 'c', 'b']],
      ['last change', { changedBefore: '2026-01-31T12:00:30.000Z' }, ['c', 'b', 'a']],
      ['limit', { limit: 2 }, ['d', 'c']],
      ['uuids', { uuids: ['a', 'c', 'x'] }, ['c', 'a']],
      ['no uuid', { uuids: [] }, []],
      ['being deleted', { deleted: true }, ['e']],
      ['any', { deleted: 'any' }, ['e', 'd', 'c', 'b', 'a']],
    ];

    it.each(filters)('are listed by %s', async (_title, filter, uuids) => {
      const rows = [
        { uuid: 'a', host: 'host1', project_id: 'p1' },
        { uuid: 'b', host: 'host1', project_id: 'p2', vm_state: 'active', task_state: null },
        { uuid: 'c', node: 'node2', project_id: 'p1', task_state: 'spawning' },
        { uuid: 'd', vm_state: 'error', task_state: null, updated_at: LATER },
        { uuid: 'e' },
      ];
      for (const row of rows) await insertInstance(db().kysely, newInstance(row));
      await softDeleteInstance(db().kysely, 'e', LATER);

      expect((await listInstances(db().kysely, filter)).map(({ uuid }) => uuid)).toEqual(uuids);
    });

    it.each([
      ['is in an expected state', { vmState: ['building'], taskState: ['scheduling', null] }, true],
      ['is in no expected vm state', { vmState: ['active'] }, false],
      ['is in no expected task state', { taskState: [null] }, false],
      ['may be in any state', {}, true],
    ])('are changed under a guard when the row %s: %o -> %s', async (_title, guard, changed) => {
      const { uuid } = await insertInstance(db().kysely, newInstance());

      const row = await updateInstance(db().kysely, uuid, { task_state: 'spawning', host: 'host1' }, guard);

      expect(row?.host).toBe(changed ? 'host1' : undefined);
      expect((await findInstance(db().kysely, uuid))?.task_state).toBe(changed ? 'spawning' : 'scheduling');
    });

    it('are changed again by a repeated save, whose guard names the state before', async () => {
      const { uuid } = await insertInstance(db().kysely, newInstance());
      const save = () =>
        updateInstance(
          db().kysely,
          uuid,
          { vm_state: 'active', task_state: null },
          { vmState: ['building'], taskState: ['scheduling'] },
        );

      expect(await save()).toMatchObject({ vm_state: 'active', task_state: null });
      expect(await save()).toMatchObject({ vm_state: 'active', task_state: null });
    });

    it('can be locked only until they are deleted', async () => {
      const { uuid } = await insertInstance(db().kysely, newInstance());
      expect(await db().transaction((trx) => lockInstance(trx, uuid))).toBe(true);
      await softDeleteInstance(db().kysely, uuid, LATER);
      expect(await db().transaction((trx) => lockInstance(trx, uuid))).toBe(false);
    });

    it('are not changed once deleted', async () => {
      const { uuid } = await insertInstance(db().kysely, newInstance());
      await softDeleteInstance(db().kysely, uuid, LATER);
      expect(await updateInstance(db().kysely, uuid, { host: 'host1' })).toBeUndefined();
    });
  });

  describe('instance faults', () => {
    it('are listed with the newest of each instance', async () => {
      const fault = { instance_uuid: 'a', code: 500, created_at: AT };
      await insertInstanceFault(db().kysely, { ...fault, message: 'first' });
      await insertInstanceFault(db().kysely, { ...fault, message: 'second' });
      await insertInstanceFault(db().kysely, { ...fault, instance_uuid: 'b', message: 'other' });

      const latest = await latestInstanceFaults(db().kysely, ['a', 'b', 'c']);
      expect(latest.map(({ message }) => message).sort()).toEqual(['other', 'second']);
      expect(await latestInstanceFaults(db().kysely, [])).toEqual([]);
    });
  });

  describe('build requests', () => {
    const request = {
      instance_uuid: 'a',
      project_id: 'p1',
      instance: '{}',
      block_device_mappings: '{}',
      tags: '{}',
      created_at: AT,
    };

    it('are deleted by exactly one of several who try', async () => {
      await insertBuildRequest(db().kysely, request);

      const deleted = await Promise.all(
        Array.from({ length: 5 }, () => deleteBuildRequest(db().kysely, 'a')),
      );

      expect(deleted.filter(Boolean)).toHaveLength(1);
      expect(await findBuildRequest(db().kysely, 'a')).toBeUndefined();
    });

    it('are one per instance, changed and listed by project', async () => {
      await insertBuildRequest(db().kysely, request);
      await expect(insertBuildRequest(db().kysely, request)).rejects.toSatisfy(isUniqueViolation);
      await insertBuildRequest(db().kysely, { ...request, instance_uuid: 'b', project_id: 'p2' });

      await updateBuildRequest(db().kysely, 'a', { instance: '{"x":1}' });

      expect((await findBuildRequest(db().kysely, 'a'))?.instance).toBe('{"x":1}');
      const uuids = (await listBuildRequests(db().kysely)).map(({ instance_uuid }) => instance_uuid);
      expect(uuids).toEqual(['b', 'a']);
      expect(await listBuildRequests(db().kysely, { projectId: 'p2' })).toHaveLength(1);
    });
  });

  describe('request specs', () => {
    it('are written, replaced and deleted', async () => {
      await insertRequestSpec(db().kysely, { instance_uuid: 'a', spec: '{}', created_at: AT });
      await updateRequestSpec(db().kysely, 'a', '{"x":1}', LATER);

      expect(await findRequestSpec(db().kysely, 'a')).toMatchObject({ spec: '{"x":1}', updated_at: LATER });
      expect(await deleteRequestSpec(db().kysely, 'a')).toBe(true);
      expect(await deleteRequestSpec(db().kysely, 'a')).toBe(false);
    });
  });
}
