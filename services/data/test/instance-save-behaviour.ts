import {
  InstanceNotFound,
  InstanceUpdateConflict,
  UnexpectedDeletingTaskStateError,
  UnexpectedTaskStateError,
} from '@mini-nova/domain/exceptions';
import type { Instance } from '@mini-nova/objects';
import { failSaves } from '@mini-nova/services-testing/failing-saves';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../database.ts';
import { InstanceStore } from '../instances/store.ts';

export function describeSaves(database: () => Database): void {
  describe('saving', () => {
    let store: InstanceStore;
    let instance: Instance;

    beforeEach(async () => {
      store = new InstanceStore(database().kysely);
      instance = newInstance();
      await store.create(instance);
    });

    const stored = () => store.getByUuid(instance.uuid);

    it('stores the changed fields, and returns their names', async () => {
      Object.assign(instance, { host: 'host1', vm_state: 'active', launched_at: new Date() });
      expect(await store.save(instance)).toEqual(['host', 'launched_at', 'updated_at', 'vm_state']);
      expect(instance.changes()).toEqual([]);
      expect(instance.updated_at).toBeInstanceOf(Date);
      expect((await stored()).values()).toMatchObject({
        host: 'host1',
        vm_state: 'active',
        launched_at: instance.launched_at,
        updated_at: instance.updated_at,
      });
    });

    it('stores what was changed inside nested values', async () => {
      instance.metadata.purpose = 'work';
      if (instance.info_cache) instance.info_cache.network_info = '[{}]';
      expect(await store.save(instance)).toEqual(['info_cache', 'metadata', 'updated_at']);
      const { metadata, info_cache } = await stored();
      expect([metadata, info_cache?.network_info]).toEqual([{ purpose: 'work' }, '[{}]']);
    });

    it('leaves alone the fields that others changed, and updates the instance with them', async () => {
      const others = await stored();
      others.task_state = 'deleting';
      await store.save(others);
      instance.power_state = 1;
      expect(await store.save(instance)).toEqual(['power_state', 'task_state', 'updated_at']);
      expect(instance.task_state).toBe('deleting');
      expect(instance.changes()).toEqual([]);
    });

    it('keeps nested objects that others did not change', async () => {
      const { flavor } = instance;
      instance.power_state = 1;
      await store.save(instance);
      expect(instance.flavor).toBe(flavor);
    });

    it('without changes does nothing', async () => {
      expect(await store.save(instance)).toEqual([]);
      expect((await stored()).updated_at).toBeNull();
    });

    it('never changes the identity', async () => {
      const { id } = instance;
      instance.id = id + 1000;
      instance.host = 'host1';
      await store.save(instance);
      expect([instance.id, (await stored()).id]).toEqual([id, id]);
    });

    it('of a deleted instance is refused', async () => {
      await store.destroy(await stored());
      instance.host = 'host1';
      await expect(store.save(instance)).rejects.toThrow(InstanceNotFound);
    });

    it('of given values stores them and no others, and the instance gets them', async () => {
      instance.host = 'unsaved';
      await store.update(instance, { power_state: 1, node: 'node1' });
      expect((await stored()).values()).toMatchObject({ power_state: 1, node: 'node1', host: null });
      expect(instance.values()).toMatchObject({ power_state: 1, node: 'node1', host: null });
      expect(instance.changes()).toEqual([]);
    });

    it('of given values leaves the instance as it was if it fails, and the next save writes none of them', async () => {
      const succeed = await failSaves(database(), "new.vm_state = 'active'");
      const launched_at = new Date();
      const failed = store.update(instance, { vm_state: 'active', host: 'host1', launched_at });
      await expect(failed).rejects.toThrow('the database failed as the test asked');
      expect(instance.values()).toMatchObject({ vm_state: 'building', host: null });
      expect(instance.changes()).toEqual([]);
      await succeed();

      await store.update(instance, { task_state: 'networking' });
      const unwritten = { vm_state: 'building', host: null, launched_at: null };
      expect((await stored()).values()).toMatchObject({ ...unwritten, task_state: 'networking' });
    });

    it('of given values also writes those that the instance already has', async () => {
      const others = await stored();
      await store.update(others, { host: 'host1' });
      await store.update(instance, { host: null });
      expect((await stored()).host).toBeNull();
    });

    describe('when states are expected', () => {
      it('succeeds in one of them', async () => {
        instance.task_state = 'networking';
        const expected = { vmState: ['building', 'error'], taskState: [null, 'scheduling'] };
        await store.save(instance, expected);
        expect((await stored()).task_state).toBe('networking');
      });

      it('takes null for no task', async () => {
        instance.task_state = null;
        await store.save(instance);
        instance.task_state = 'powering-off';
        await store.save(instance, { taskState: [null] });
        expect((await stored()).task_state).toBe('powering-off');
      });

      it.each([
        [
          'task',
          { taskState: ['networking', null] },
          { task_state: ['networking', null] },
          UnexpectedTaskStateError,
        ],
        ['vm', { vmState: ['active'] }, { vm_state: ['active'] }, InstanceUpdateConflict],
      ])(
        'is refused in another %s state with an error that names both, and changes nothing',
        async (_which, expected, named, type) => {
          Object.assign(instance, { task_state: 'spawning', host: 'host1' });
          const refused = await store.save(instance, expected).catch((error: unknown) => error);
          expect(refused).toBeInstanceOf(type);
          expect(refused).toMatchObject({
            data: {
              instance_uuid: instance.uuid,
              expected: named,
              actual: { vm_state: 'building', task_state: 'scheduling' },
            },
          });
          expect((await stored()).values()).toMatchObject({
            task_state: 'scheduling',
            host: null,
            updated_at: null,
          });
          expect(instance.changes()).toEqual(['host', 'task_state']);
        },
      );

      it('is refused with an error of its own while the instance is being deleted', async () => {
        const others = await stored();
        others.task_state = 'deleting';
        await store.save(others);
        instance.task_state = 'spawning';
        const saved = store.save(instance, { taskState: ['scheduling'] });
        await expect(saved).rejects.toThrow(UnexpectedDeletingTaskStateError);
      });

      it('succeeds again when it is repeated', async () => {
        const repeated = await stored();
        for (const copy of [instance, repeated]) {
          Object.assign(copy, { task_state: 'networking', host: 'host1' });
          await store.save(copy, { taskState: ['scheduling'] });
        }
        expect((await stored()).task_state).toBe('networking');
      });

      it('checks the states even if nothing is to be stored', async () => {
        await expect(store.save(instance, { taskState: ['spawning'] })).rejects.toThrow(
          UnexpectedTaskStateError,
        );
        await expect(store.save(instance, { taskState: ['scheduling'] })).resolves.toEqual(['updated_at']);
      });
    });
  });
}

/** Each save has its own connection, like those of different daemons. */
export function describeConcurrentSaves(connection: () => string): void {
  it('exactly one of several concurrent saves that expect the same state succeeds', async () => {
    const dbs = await Promise.all([openDatabase(connection()), openDatabase(connection())]);
    const [one, other] = dbs.map((db) => new InstanceStore(db.kysely)) as [InstanceStore, InstanceStore];
    for (let round = 0; round < 10; round += 1) {
      const instance = newInstance({ task_state: null, vm_state: 'active' });
      await one.create(instance);
      const results = await Promise.allSettled([
        saveTask(one, instance.uuid, 'powering-off'),
        saveTask(other, instance.uuid, 'rebooting'),
      ]);
      const refusals = results
        .filter((result) => result.status === 'rejected')
        .map(({ reason }) => reason as unknown);
      expect(refusals).toEqual([expect.any(UnexpectedTaskStateError)]);
      const winner = results[0]?.status === 'fulfilled' ? 'powering-off' : 'rebooting';
      expect((await other.getByUuid(instance.uuid)).task_state).toBe(winner);
    }
    await Promise.all(dbs.map((db) => db.close()));
  });
}

async function saveTask(store: InstanceStore, uuid: string, task: string): Promise<void> {
  const instance = await store.getByUuid(uuid);
  instance.task_state = task;
  await store.save(instance, { taskState: [null] });
}
