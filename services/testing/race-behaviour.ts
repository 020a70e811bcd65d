import { randomUUID } from 'node:crypto';
import { loadConfig } from '@mini-nova/config';
import { listUsages } from '@mini-nova/data/allocations/queries';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { insertInstance, softDeleteInstance, updateInstance } from '@mini-nova/data/instances/queries';
import { migrate } from '@mini-nova/data/migrate';
import { silentLogger } from '@mini-nova/messaging';
import type { Selection } from '@mini-nova/objects';
import { allocationsByProvider, claimResources } from '@mini-nova/placement/allocations';
import { setInventory } from '@mini-nova/placement/inventory';
import { SchedulerManager } from '@mini-nova/scheduler/manager';
import { schedulerSchema } from '@mini-nova/scheduler/options';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addHost, inventories, requestSpec, selectionsOf } from './scheduling.ts';

const RUNS = 10;

/** What several schedulers on one database guarantee. `create` returns the URL of a new database that several can open. */
export function describeRaces(name: string, create: () => Promise<string>): void {
  describe(`schedulers that race on ${name}`, () => {
    let databases: Database[];
    let db: Database;
    let schedulers: SchedulerManager[];

    beforeEach(async () => {
      const connection = await create();
      databases = [];
      for (let n = 0; n < 3; n++) databases.push(await openDatabase(connection));
      db = databases[0] as Database;
      await migrate(db);
      // The hosts report only once, however long the test takes.
      const env = { OS_DEFAULT__SERVICE_DOWN_TIME: '3600' };
      const config = loadConfig({ schema: schedulerSchema, configFiles: [], env });
      schedulers = databases.map((each) => new SchedulerManager({ db: each, config, logger: silentLogger }));
    });
    afterEach(async () => {
      for (const each of databases) await each.close();
    });

    function select(scheduler: number, instanceUuids: string[]): Promise<Selection[][]> {
      const manager = schedulers[scheduler % schedulers.length] as SchedulerManager;
      return selectionsOf(manager, {
        instance_uuids: instanceUuids,
        spec_obj: requestSpec(),
        return_alternates: true,
      });
    }

    async function used(): Promise<number> {
      const usages = await listUsages(db.kysely);
      return usages
        .filter(({ resource_class }) => resource_class === 'VCPU')
        .reduce((sum, usage) => sum + usage.used, 0);
    }

    async function clear(): Promise<void> {
      await db.kysely.deleteFrom('allocations').execute();
    }

    const instances = (count: number) => Array.from({ length: count }, () => randomUUID());

    /** For each request, its number of placed instances, or the code of its error. */
    async function outcomes(requests: Promise<Selection[][]>[]): Promise<unknown[]> {
      const settled = await Promise.allSettled(requests);
      return settled.map((each) => (each.status === 'fulfilled' ? each.value.length : each.reason.code));
    }

    it('place one of two requests as a whole if only one of them fits', async () => {
      for (let host = 0; host < 3; host++) await addHost(db, `host${host}`, { vcpus: 7 });
      for (let run = 0; run < RUNS; run++) {
        const results = await outcomes([select(0, instances(20)), select(1, instances(20))]);

        expect(results.sort()).toEqual([20, 'NO_VALID_HOST']);
        expect(await used()).toBe(20);
        await clear();
      }
    });

    it('fill every place when several requests together fit exactly', async () => {
      for (let host = 0; host < 7; host++) await addHost(db, `host${host}`, { vcpus: 3 });
      for (let run = 0; run < RUNS; run++) {
        const requests = Array.from({ length: 6 }, (_, n) => select(n, instances(7)));

        const results = await outcomes(requests);

        expect(results.filter((each) => each === 7)).toHaveLength(3);
        expect(results.filter((each) => each === 'NO_VALID_HOST')).toHaveLength(3);
        expect(await used()).toBe(21);
        await clear();
      }
    });

    it('place all that fits, even if all find the same hosts the best', async () => {
      for (let host = 0; host < 20; host++) await addHost(db, `host${host}`, { vcpus: 1 });
      const requests = Array.from({ length: 20 }, (_, n) => select(n, instances(1)));

      expect(await outcomes(requests)).toEqual(Array.from({ length: 20 }, () => 1));
    });

    it('serve a request that is made twice at the same time as one', async () => {
      for (let host = 0; host < 6; host++) await addHost(db, `host${host}`, { vcpus: 2 });
      for (let run = 0; run < RUNS; run++) {
        const uuids = instances(6);

        const [first, second] = await Promise.all([select(0, uuids), select(1, uuids)]);

        expect(await used()).toBe(6);
        const hostsOf = (selections: Selection[][]) =>
          selections.map(([selected]) => selected?.compute_node_uuid);
        expect(hostsOf(second)).toEqual(hostsOf(first));
        await clear();
      }
    });

    it('fail no claim because inventories change meanwhile', async () => {
      const uuid = await addHost(db, 'host0', { vcpus: 30, memoryMb: 50_000 });
      const reports = async () => {
        for (let vcpus = 30; vcpus < 60; vcpus++) {
          await setInventory(db, {
            providerUuid: uuid,
            providerName: 'host0.node',
            inventories: inventories({ vcpus, memoryMb: 50_000 }),
          });
        }
      };
      const requests = Array.from({ length: 9 }, (_, n) => select(n, instances(3)));

      const [results] = await Promise.all([outcomes(requests), reports()]);

      expect(results).toEqual(Array.from({ length: 9 }, () => 3));
      expect(await used()).toBe(27);
    });

    it('neither fail nor exceed capacity beside claims of alternates', async () => {
      const providers = [await addHost(db, 'a', { vcpus: 5 }), await addHost(db, 'b', { vcpus: 5 })];
      const alternates = instances(8).map((consumerUuid, n) =>
        claimResources(databases[2] as Database, {
          consumerUuid,
          allocations: { [providers[n % 2] ?? '']: { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 } },
        }),
      );

      const results = await outcomes([select(0, instances(4)), select(1, instances(4))]);

      const claimed = (await Promise.all(alternates)).filter((outcome) => outcome === 'claimed').length;
      const placed = results.filter((each) => each === 4).length * 4;
      expect(await used()).toBe(claimed + placed);
      expect(10 - claimed - placed).toBeLessThan(4);
    });

    it('find no hosts for instances that have ended, and hosts for the others', async () => {
      await addHost(db, 'host0', { vcpus: 3 });
      const [deleted = '', failed = '', building = ''] = instances(3);
      const at = new Date().toISOString();
      for (const uuid of [deleted, failed, building]) {
        await insertInstance(db.kysely, { uuid, vm_state: 'building', created_at: at });
      }
      await softDeleteInstance(db.kysely, deleted, at);
      await updateInstance(db.kysely, failed, { vm_state: 'error' });

      const selections = await select(0, [deleted, failed, building]);

      expect(selections.map((each) => each.map(({ service_host }) => service_host))).toEqual([
        [],
        [],
        ['host0'],
      ]);
      expect(Object.keys(await allocationsByProvider(db, deleted))).toEqual([]);
      expect(await used()).toBe(1);
    });

    it('leave no claim behind for an instance that is deleted at the same time', async () => {
      await addHost(db, 'host0', { vcpus: 1000, memoryMb: 1_000_000, diskGb: 10_000 });
      const uuids = instances(40);
      const at = new Date().toISOString();
      for (const uuid of uuids)
        await insertInstance(db.kysely, { uuid, vm_state: 'building', created_at: at });

      await Promise.all(
        uuids.flatMap((uuid, n) => [
          select(n, [uuid]),
          (databases[2] as Database).transaction(async (trx) => {
            await softDeleteInstance(trx, uuid, at);
            await trx.deleteFrom('allocations').where('consumer_uuid', '=', uuid).execute();
          }),
        ]),
      );

      expect(await used()).toBe(0);
    });

    it('fail as a whole when one of the instances fits nowhere', async () => {
      await addHost(db, 'host0', { vcpus: 2, memoryMb: 512 });
      await addHost(db, 'host1', { vcpus: 2, memoryMb: 512 });

      expect(await outcomes([select(0, instances(3))])).toEqual(['NO_VALID_HOST']);
      expect(await used()).toBe(0);
    });
  });
}
