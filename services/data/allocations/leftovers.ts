import type { Timestamp } from '@mini-nova/database';
import { statusesOver } from '@mini-nova/domain/states/migration-status';
import { VmState, vmStatesResting } from '@mini-nova/domain/states/vm-state';
import type { Queryable } from '../database.ts';
import { isBetweenHosts } from '../instance-migrations/store.ts';
import type { MigrationRow } from '../instance-migrations/table.ts';
import { hasEnded } from '../instances/queries.ts';

/** Migrations that hold something although they were over, or deleted with their instance, before a time. */
export async function listMigrationsWithAllocations(
  db: Queryable,
  before: Timestamp,
): Promise<Pick<MigrationRow, 'uuid' | 'instance_uuid' | 'status'>[]> {
  return db
    .selectFrom('migrations')
    .select(['uuid', 'instance_uuid', 'status'])
    .where((eb) =>
      eb.or([
        eb('deleted', '=', true),
        eb.and([
          eb('status', 'in', statusesOver),
          eb(eb.fn.coalesce('updated_at', 'created_at'), '<', before),
        ]),
      ]),
    )
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('allocations')
          .select('used')
          .whereRef('allocations.consumer_uuid', '=', 'migrations.uuid'),
      ),
    )
    .orderBy('id')
    .execute();
}

/** The vm_states in which an instance without a task may be at rest on its host. */
const restingOnHost = [...vmStatesResting('on its host'), VmState.ERROR];

export interface OrphanedAllocation {
  consumer_uuid: string;
  provider_uuid: string;
}

/**
 * Allocations that their instance will never use, by its record: it is deleted, or in ERROR on no host; or it is at rest on
 * another compute node, and they were made before a time (newer ones may belong to a move that has just begun). Allocations of an
 * instance between two hosts are never among them: its migration must first be recorded as over.
 */
export async function listOrphanedAllocations(
  db: Queryable,
  before: Timestamp,
): Promise<OrphanedAllocation[]> {
  return db
    .selectFrom('allocations')
    .innerJoin('instances', 'instances.uuid', 'allocations.consumer_uuid')
    .leftJoin('compute_nodes', (join) =>
      join
        .onRef('compute_nodes.host', '=', 'instances.host')
        .onRef('compute_nodes.hypervisor_hostname', '=', 'instances.node')
        .on('compute_nodes.deleted', '=', false),
    )
    .select(['allocations.consumer_uuid', 'allocations.provider_uuid'])
    .distinct()
    .where((eb) =>
      eb.or([
        hasEnded(),
        eb.and([
          eb('allocations.created_at', '<', before),
          eb.not(isBetweenHosts('instances.uuid')),
          eb('instances.vm_state', 'in', restingOnHost),
          eb('instances.task_state', 'is', null),
          eb('compute_nodes.uuid', '<>', eb.ref('allocations.provider_uuid')),
        ]),
      ]),
    )
    .execute();
}

/** Consumers without a record that hold allocations made before a time. It is unknown whether they use them. */
export async function listUnknownConsumers(db: Queryable, before: Timestamp): Promise<string[]> {
  const rows = await db
    .selectFrom('allocations')
    .leftJoin('instances', 'instances.uuid', 'allocations.consumer_uuid')
    .leftJoin('build_requests', 'build_requests.instance_uuid', 'allocations.consumer_uuid')
    .leftJoin('migrations', 'migrations.uuid', 'allocations.consumer_uuid')
    .select('allocations.consumer_uuid')
    .distinct()
    .where('allocations.created_at', '<', before)
    .where('instances.uuid', 'is', null)
    .where('migrations.uuid', 'is', null)
    .where('build_requests.instance_uuid', 'is', null)
    .orderBy('allocations.consumer_uuid')
    .execute();
  return rows.map(({ consumer_uuid }) => consumer_uuid);
}
