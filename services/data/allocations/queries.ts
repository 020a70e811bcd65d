import { idempotent, locksRows, preparedQuery, type Timestamp } from '@mini-nova/database';
import { statusesOver } from '@mini-nova/domain/states/migration-status';
import type { Queryable } from '../database.ts';
import { isBetweenHosts } from '../instance-migrations/store.ts';
import type { MigrationRow } from '../instance-migrations/table.ts';
import type { AllocationRow, InventoryRow, ResourceProviderRow } from './tables.ts';

export type NewInventory = Omit<InventoryRow, 'provider_uuid'>;

export async function findProvider(db: Queryable, uuid: string): Promise<ResourceProviderRow | undefined> {
  return db.selectFrom('resource_providers').selectAll().where('uuid', '=', uuid).executeTakeFirst();
}

/** Makes the provider at generation 0 unless it is there. */
export async function ensureProvider(
  db: Queryable,
  provider: { uuid: string; name: string; at: Timestamp },
): Promise<void> {
  await idempotent(db)
    .insertInto('resource_providers')
    .values({ uuid: provider.uuid, name: provider.name, generation: 0, created_at: provider.at })
    .onConflict((conflict) => conflict.column('uuid').doNothing())
    .execute();
}

/**
 * The providers there are of these, by uuid. Their rows are held until the transaction ends: whoever changes what a
 * provider has, or claims of it, locks it first. They are locked in the order of their uuids, so that no two who lock
 * several wait for each other.
 */
export async function lockProviders(
  trx: Queryable,
  uuids: readonly string[],
): Promise<ResourceProviderRow[]> {
  if (uuids.length === 0) return [];
  const { rows } = await lock(trx, { uuids });
  return rows;
}

const lock = preparedQuery((db: Queryable, { uuids }: { uuids: readonly string[] }) =>
  db
    .selectFrom('resource_providers')
    .selectAll()
    .where('uuid', 'in', uuids)
    .orderBy('uuid')
    .$if(locksRows(db), (query) => query.forUpdate()),
);

/** Tells that providers, which are locked, have changed. Releasing allocations does not count: it harms no claim. */
export async function advanceGenerations(
  trx: Queryable,
  uuids: readonly string[],
  { name, at }: { name?: string; at: Timestamp },
): Promise<void> {
  if (uuids.length === 0) return;
  await advance(trx, { uuids, name, at });
}

interface Advance {
  uuids: readonly string[];
  name: string | undefined;
  at: Timestamp;
}

const advance = preparedQuery((db: Queryable, { uuids, name, at }: Advance) =>
  db
    .updateTable('resource_providers')
    .set((eb) => ({ generation: eb('generation', '+', 1), updated_at: at, name }))
    .where('uuid', 'in', uuids),
);

/** Of all providers, or of some. */
export async function listInventories(
  db: Queryable,
  providers?: string | readonly string[],
): Promise<InventoryRow[]> {
  if (providers?.length === 0) return [];
  const { rows } = await inventoriesOf(db, { providers: listed(providers) });
  return rows;
}

const inventoriesOf = preparedQuery((db: Queryable, { providers }: { providers: string[] | undefined }) => {
  const query = db.selectFrom('inventories').selectAll();
  return providers === undefined ? query : query.where('provider_uuid', 'in', providers);
});

/** Allocations are kept. */
export async function replaceInventories(
  db: Queryable,
  providerUuid: string,
  inventories: readonly NewInventory[],
): Promise<void> {
  await db.deleteFrom('inventories').where('provider_uuid', '=', providerUuid).execute();
  if (inventories.length === 0) return;
  await db
    .insertInto('inventories')
    .values(inventories.map((inventory) => ({ provider_uuid: providerUuid, ...inventory })))
    .execute();
}

export interface Usage {
  provider_uuid: string;
  resource_class: string;
  /** Sum over all consumers. */
  used: number;
}

/** Of all providers, or of some; what nobody uses is left out. */
export async function listUsages(db: Queryable, providers?: string | readonly string[]): Promise<Usage[]> {
  if (providers?.length === 0) return [];
  const { rows } = await usagesOf(db, { providers: listed(providers) });
  return rows;
}

const usagesOf = preparedQuery((db: Queryable, { providers }: { providers: string[] | undefined }) => {
  const query = db
    .selectFrom('allocations')
    .select(({ fn }) => ['provider_uuid', 'resource_class', fn.sum<number>('used').as('used')])
    .groupBy(['provider_uuid', 'resource_class']);
  return providers === undefined ? query : query.where('provider_uuid', 'in', providers);
});

/** Undefined: all. */
function listed(providers: string | readonly string[] | undefined): string[] | undefined {
  return providers === undefined ? undefined : [providers].flat();
}

export async function insertAllocations(db: Queryable, allocations: readonly AllocationRow[]): Promise<void> {
  if (allocations.length > 0) await insertAll(db, allocations);
}

const insertAll = preparedQuery((db: Queryable, allocations: readonly AllocationRow[]) =>
  db.insertInto('allocations').values(allocations),
);

/** What consumers hold of a provider's class already is raised by the amount, and dated anew. */
export async function addAllocations(db: Queryable, allocations: readonly AllocationRow[]): Promise<void> {
  if (allocations.length > 0) await addAll(db, allocations);
}

const addAll = preparedQuery((db: Queryable, allocations: readonly AllocationRow[]) =>
  db
    .insertInto('allocations')
    .values(allocations)
    .onConflict((conflict) =>
      conflict.columns(['consumer_uuid', 'provider_uuid', 'resource_class']).doUpdateSet((eb) => ({
        used: eb('allocations.used', '+', eb.ref('excluded.used')),
        created_at: eb.ref('excluded.created_at'),
      })),
    ),
);

export async function listAllocationsOfProvider(
  db: Queryable,
  providerUuid: string,
): Promise<AllocationRow[]> {
  return db.selectFrom('allocations').selectAll().where('provider_uuid', '=', providerUuid).execute();
}

/** Of one consumer, or of several. */
export async function listAllocationsOfConsumer(
  db: Queryable,
  consumers: string | readonly string[],
): Promise<AllocationRow[]> {
  if (consumers.length === 0) return [];
  const { rows } = await allocationsOf(db, { consumers: [consumers].flat() });
  return rows;
}

const allocationsOf = preparedQuery((db: Queryable, { consumers }: { consumers: string[] }) =>
  db.selectFrom('allocations').selectAll().where('consumer_uuid', 'in', consumers),
);

/** Dates what the consumer holds on the provider anew. */
export async function dateAllocations(
  db: Queryable,
  { consumerUuid, providerUuid, at }: { consumerUuid: string; providerUuid: string; at: Timestamp },
): Promise<void> {
  await db
    .updateTable('allocations')
    .set({ created_at: at })
    .where('consumer_uuid', '=', consumerUuid)
    .where('provider_uuid', '=', providerUuid)
    .execute();
}

/** What one consumer holds becomes another's, dated anew. */
export async function changeConsumer(
  trx: Queryable,
  { from, to, at }: { from: string; to: string; at: Timestamp },
): Promise<void> {
  await trx
    .updateTable('allocations')
    .set({ consumer_uuid: to, created_at: at })
    .where('consumer_uuid', '=', from)
    .execute();
}

export type AllocationKey = Pick<AllocationRow, 'consumer_uuid' | 'provider_uuid' | 'resource_class'>;

/** Only those of exactly this date. Returns those that went; fewer when an answer was lost. */
export async function deleteAllocationsDated(
  db: Queryable,
  consumerUuids: readonly string[],
  at: Timestamp,
): Promise<AllocationKey[]> {
  if (consumerUuids.length === 0) return [];
  return idempotent(db)
    .deleteFrom('allocations')
    .where('consumer_uuid', 'in', consumerUuids)
    .where('created_at', '=', at)
    .returning(['consumer_uuid', 'provider_uuid', 'resource_class'])
    .execute();
}

/** On one provider, or on all. Returns how many rows went; fewer when an answer was lost. */
export async function deleteAllocations(
  db: Queryable,
  consumerUuid: string,
  providerUuid?: string,
): Promise<number> {
  let query = idempotent(db).deleteFrom('allocations').where('consumer_uuid', '=', consumerUuid);
  if (providerUuid !== undefined) query = query.where('provider_uuid', '=', providerUuid);
  const { numDeletedRows } = await query.executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Migrations that are over, or were deleted with their instance, since before a time, and hold something. */
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

/** What all migrations of the instance hold. */
export async function deleteAllocationsOfMigrations(db: Queryable, instanceUuid: string): Promise<void> {
  await idempotent(db)
    .deleteFrom('allocations')
    .where('consumer_uuid', 'in', (eb) =>
      eb.selectFrom('migrations').select('uuid').where('instance_uuid', '=', instanceUuid),
    )
    .execute();
}

export interface OrphanedAllocation {
  consumer_uuid: string;
  provider_uuid: string;
}

/**
 * Allocations whose consumer will never use them, as its record says: its instance is deleted, or ended in ERROR on no host; or
 * it is at rest on another compute node, and they were made before a time (younger ones may be of a move that has begun). Those of
 * an instance between two hosts are not: its migration says so, and is to have recorded that it is over.
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
        eb('instances.deleted', '=', true),
        eb.and([
          eb('instances.vm_state', '=', 'error'),
          eb('instances.host', 'is', null),
          eb.not(isBetweenHosts('instances.uuid')),
        ]),
        eb.and([
          eb('allocations.created_at', '<', before),
          eb.not(isBetweenHosts('instances.uuid')),
          eb('instances.vm_state', 'in', ['active', 'stopped', 'error']),
          eb('instances.task_state', 'is', null),
          eb('compute_nodes.uuid', '<>', eb.ref('allocations.provider_uuid')),
        ]),
      ]),
    )
    .execute();
}

/** Those who hold allocations made before a time, and of whom there is no record: nobody knows whether they use them. */
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
