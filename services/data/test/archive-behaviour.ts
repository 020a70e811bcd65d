import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { deleteAllocations, ensureProvider, insertAllocations } from '../allocations/queries.ts';
import { archiveDeletedRows, purgeShadowTables } from '../archive/queries.ts';
import { insertBuildRequest } from '../build-requests/store.ts';
import { insertComputeNode, softDeleteComputeNode } from '../compute-nodes/store.ts';
import type { Database } from '../database.ts';
import { insertInstanceFault } from '../instance-faults/queries.ts';
import { insertMigration, softDeleteMigrations } from '../instance-migrations/store.ts';
import { findInstance, insertInstance, softDeleteInstance } from '../instances/queries.ts';
import { ensureNetwork } from '../networks/queries.ts';
import { allocatePort, releasePorts } from '../ports/queries.ts';
import { findRequestSpec, insertRequestSpec } from '../request-specs/store.ts';
import { insertService } from '../services/store.ts';
import { AT, newComputeNode, newInstance, newMigration, newService } from './rows.ts';

const LATER = '2026-02-28T12:00:00.000Z';

export function describeArchive(db: () => Database): void {
  describe('archiving', () => {
    const count = async (table: string) => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(
        db().kysely,
      );
      return Number(rows[0]?.n);
    };

    /** A deleted instance with all that can belong to one. */
    async function deleted(at = AT): Promise<string> {
      const { uuid } = await insertInstance(db().kysely, newInstance({ metadata: '{"a":"b"}' }));
      await insertInstanceFault(db().kysely, { instance_uuid: uuid, code: 500, created_at: AT });
      await insertRequestSpec(db().kysely, { instance_uuid: uuid, spec: '{}', created_at: AT });
      const request = { project_id: 'p', instance: '{}', block_device_mappings: '{}', tags: '{}' };
      await insertBuildRequest(db().kysely, { ...request, instance_uuid: uuid, created_at: AT });
      await insertMigration(db().kysely, newMigration({ instance_uuid: uuid }));
      await softDeleteInstance(db().kysely, uuid, at);
      await softDeleteMigrations(db().kysely, uuid, at);
      return uuid;
    }

    it('moves deleted instances with their faults and migrations, and deletes what else belongs to them', async () => {
      const uuid = await deleted();
      const { uuid: living } = await insertInstance(db().kysely, newInstance());
      await insertRequestSpec(db().kysely, { instance_uuid: living, spec: '{}', created_at: AT });

      const counts = await archiveDeletedRows(db(), { maxRows: 1000 });

      expect(Object.fromEntries(counts)).toEqual({
        instances: 1,
        instance_faults: 1,
        migrations: 1,
        request_specs: 1,
        build_requests: 1,
      });
      expect(await findInstance(db().kysely, uuid, { includeDeleted: true })).toBeUndefined();
      expect(await findRequestSpec(db().kysely, living)).toBeDefined();
      const shadows = await sql`select uuid, metadata, deleted_at from shadow_instances`.execute(db().kysely);
      expect(shadows.rows).toEqual([{ uuid, metadata: '{"a":"b"}', deleted_at: AT }]);
      expect(await count('shadow_instance_faults')).toBe(1);
      expect(await count('shadow_migrations')).toBe(1);
      expect(await archiveDeletedRows(db(), { maxRows: 1000 })).toEqual(new Map());
    });

    it('moves services and nodes, and deletes the providers of those nodes unless they have allocations', async () => {
      const node = await insertComputeNode(db().kysely, newComputeNode());
      const held = await insertComputeNode(db().kysely, newComputeNode({ hypervisor_hostname: 'held' }));
      for (const { uuid } of [node, held]) {
        await ensureProvider(db().kysely, { uuid, name: uuid, at: AT });
        await softDeleteComputeNode(db().kysely, uuid, AT);
      }
      const allocation = { consumer_uuid: 'c', provider_uuid: held.uuid, resource_class: 'VCPU', used: 1 };
      await insertAllocations(db().kysely, [{ ...allocation, created_at: AT }]);
      await insertService(db().kysely, newService({ deleted: true, deleted_at: AT }));

      const counts = await archiveDeletedRows(db(), { maxRows: 1000 });

      expect(Object.fromEntries(counts)).toEqual({ services: 1, compute_nodes: 2, resource_providers: 1 });
      const left = await db().kysely.selectFrom('resource_providers').select('uuid').execute();
      expect(left).toEqual([{ uuid: held.uuid }]);
    });

    it('moves no more rows than the given maximum, oldest first', async () => {
      const rows = Array.from({ length: 250 }, () => newInstance({ deleted: true, deleted_at: AT }));
      await db().kysely.insertInto('instances').values(rows).execute();

      expect(await archiveDeletedRows(db(), { maxRows: 201 })).toEqual(new Map([['instances', 201]]));
      const left = await db().kysely.selectFrom('instances').select('uuid').orderBy('id').execute();
      expect(left.map(({ uuid }) => uuid)).toEqual(rows.slice(201).map(({ uuid }) => uuid));
      expect(await archiveDeletedRows(db(), { maxRows: 1000 })).toEqual(new Map([['instances', 49]]));
    });

    it('leaves rows that were deleted after the given time', async () => {
      const [early, late] = [await deleted(AT), await deleted(LATER)];

      await archiveDeletedRows(db(), { maxRows: 1000, before: LATER });

      expect(await findInstance(db().kysely, early, { includeDeleted: true })).toBeUndefined();
      expect(await findInstance(db().kysely, late, { includeDeleted: true })).toBeDefined();
    });

    it('leaves instances that hold something until that is released', async () => {
      const [claimant, owner] = [await deleted(), await deleted()];
      const network = await ensureNetwork(db().kysely, { label: 'private', cidr: '10.0.0.0/24' });
      await allocatePort(db(), { networkUuid: network.uuid, deviceUuid: owner, host: 'host1' });
      const { uuid: provider_uuid } = await insertComputeNode(db().kysely, newComputeNode());
      await ensureProvider(db().kysely, { uuid: provider_uuid, name: 'node', at: AT });
      const allocation = { provider_uuid, resource_class: 'VCPU', used: 1, created_at: AT };
      await insertAllocations(db().kysely, [{ ...allocation, consumer_uuid: claimant }]);
      expect(await archiveDeletedRows(db(), { maxRows: 1000 })).toEqual(new Map());

      const migration = newMigration({ instance_uuid: claimant });
      await insertMigration(db().kysely, migration);
      await insertAllocations(db().kysely, [{ ...allocation, consumer_uuid: migration.uuid }]);
      await deleteAllocations(db().kysely, claimant);
      expect(await archiveDeletedRows(db(), { maxRows: 1000 })).toEqual(new Map());

      await deleteAllocations(db().kysely, migration.uuid);
      await releasePorts(db().kysely, { deviceUuid: owner, at: AT });
      expect((await archiveDeletedRows(db(), { maxRows: 1000 })).get('instances')).toBe(2);
    });

    it('keeps rows until a purge, of all or of those deleted before a time', async () => {
      await deleted(AT);
      await deleted(LATER);
      await archiveDeletedRows(db(), { maxRows: 1000 });

      const early = await purgeShadowTables(db(), { before: LATER });
      expect(Object.fromEntries(early)).toEqual({
        shadow_instances: 1,
        shadow_instance_faults: 1,
        shadow_migrations: 1,
      });
      const late = await purgeShadowTables(db());
      expect(Object.fromEntries(late)).toEqual({
        shadow_instances: 1,
        shadow_instance_faults: 1,
        shadow_migrations: 1,
      });
      expect(await purgeShadowTables(db())).toEqual(new Map());
    });

    it('has shadow tables with the same columns in the same order', async () => {
      const { dialect, kysely } = db();
      const columns = async (table: string) => {
        const query =
          dialect === 'sqlite'
            ? sql<{ name: string }>`select name from pragma_table_info(${table}) order by cid`
            : sql<{ name: string }>`select column_name as name from information_schema.columns
                where table_name = ${table} and table_schema = current_schema() order by ordinal_position`;
        return (await query.execute(kysely)).rows.map(({ name }) => name);
      };
      for (const table of [
        'instances',
        'instance_faults',
        'migrations',
        'services',
        'compute_nodes',
        'flavors',
      ]) {
        expect(await columns(`shadow_${table}`)).toEqual(await columns(table));
        expect((await columns(table)).length).toBeGreaterThan(5);
      }
    });
  });
}
