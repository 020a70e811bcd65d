import { idempotent, locksRows, preparedQuery, type Timestamp } from '@mini-nova/database';
import { isUnderWay } from '@mini-nova/domain/states/migration-status';
import { sql } from 'kysely';
import type { Queryable } from '../database.ts';
import type { MigrationRow } from '../instance-migrations/table.ts';
import { endedOf } from '../instances/queries.ts';
import type { AllocationRow, InventoryRow, ResourceProviderRow } from './tables.ts';

export type NewInventory = Omit<InventoryRow, 'provider_uuid'>;

export async function findProvider(db: Queryable, uuid: string): Promise<ResourceProviderRow | undefined> {
  return db.selectFrom('resource_providers').selectAll().where('uuid', '=', uuid).executeTakeFirst();
}

/** Creates the provider at generation 0 unless it exists. */
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
 * Those of the providers that exist, by uuid. Their rows are locked until the transaction ends: every change of inventories
 * and every claim locks its providers first. Rows are locked in the order of their uuids, so that there are no deadlocks.
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

/** Marks locked providers as changed. Releasing allocations does not count as a change: it harms no claim. */
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

/** The inventories of all providers, or of some. */
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

/** Replaces the provider's inventories. Allocations are kept. */
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

/** The usages of all providers, or of some. Classes that nobody uses are left out. */
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

/** Undefined: all providers. */
function listed(providers: string | readonly string[] | undefined): string[] | undefined {
  return providers === undefined ? undefined : [providers].flat();
}

export async function insertAllocations(db: Queryable, allocations: readonly AllocationRow[]): Promise<void> {
  if (allocations.length > 0) await insertAll(db, allocations);
}

const insertAll = preparedQuery((db: Queryable, allocations: readonly AllocationRow[]) =>
  db.insertInto('allocations').values(allocations),
);

/** Adds the amounts to what consumers already hold of the class on the provider, and sets the new date. */
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

/** The allocations of one consumer, or of several. */
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

/** Sets a new date on what the consumer holds on the provider. */
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

/** Gives what one consumer holds to another, with a new date. */
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

/** Deletes only allocations of exactly this date. Returns the deleted ones. */
export async function deleteAllocationsDated(
  trx: Queryable,
  consumerUuids: readonly string[],
  at: Timestamp,
): Promise<AllocationKey[]> {
  if (consumerUuids.length === 0) return [];
  return trx
    .deleteFrom('allocations')
    .where('consumer_uuid', 'in', consumerUuids)
    .where('created_at', '=', at)
    .returning(['consumer_uuid', 'provider_uuid', 'resource_class'])
    .execute();
}

/** Deletes allocations on one provider, or on all. Returns the number of rows; too few when an answer was lost. */
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

/** Deletes what all migrations of the instance hold. */
export async function deleteAllocationsOfMigrations(db: Queryable, instanceUuid: string): Promise<void> {
  await idempotent(db)
    .deleteFrom('allocations')
    .where('consumer_uuid', 'in', (eb) =>
      eb.selectFrom('migrations').select('uuid').where('instance_uuid', '=', instanceUuid),
    )
    .execute();
}

/**
 * The consumers among these that will never use an allocation: instances that are deleted, or in ERROR on no host and not
 * between two; and migrations that are over.
 */
export async function listEndedConsumers(db: Queryable, uuids: readonly string[]): Promise<string[]> {
  if (uuids.length === 0) return [];
  const { rows: instances } = await statesOf(db, { uuids });
  const others = withoutRecord(uuids, instances);
  const migrations = others.length === 0 ? [] : (await statusesOf(db, { uuids: others })).rows;
  return [...(await endedOf(db, instances)), ...endedMigrations(migrations)];
}

/**
 * As `listEndedConsumers`, and locks the consumers until the transaction ends; their records do not change meanwhile. First the
 * instances are locked, then the migrations, each in the order of their uuids, so that there are no deadlocks; last the
 * consumers without a record, which belong to another control plane.
 */
export async function lockConsumers(trx: Queryable, uuids: readonly string[]): Promise<string[]> {
  if (uuids.length === 0) return [];
  if (!locksRows(trx)) return listEndedConsumers(trx, uuids);
  const { rows: instances } = await lockInstances(trx, { uuids });
  const others = withoutRecord(uuids, instances);
  const migrations = others.length === 0 ? [] : (await lockMigrations(trx, { uuids: others })).rows;
  for (const uuid of withoutRecord(others, migrations).sort()) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${uuid}, 0))`.execute(trx);
  }
  return [...(await endedOf(trx, instances)), ...endedMigrations(migrations)];
}

interface Consumers {
  uuids: readonly string[];
}

const statesOf = preparedQuery((db: Queryable, { uuids }: Consumers) => states(db, uuids));
const lockInstances = preparedQuery((db: Queryable, { uuids }: Consumers) =>
  states(db, uuids).orderBy('uuid').forUpdate(),
);
const statusesOf = preparedQuery((db: Queryable, { uuids }: Consumers) => statuses(db, uuids));
const lockMigrations = preparedQuery((db: Queryable, { uuids }: Consumers) =>
  statuses(db, uuids).orderBy('uuid').forUpdate(),
);

function states(db: Queryable, uuids: readonly string[]) {
  return db
    .selectFrom('instances')
    .select(['uuid', 'deleted', 'vm_state', 'host'])
    .where('uuid', 'in', uuids);
}

function statuses(db: Queryable, uuids: readonly string[]) {
  return db.selectFrom('migrations').select(['uuid', 'deleted', 'status']).where('uuid', 'in', uuids);
}

function withoutRecord(uuids: readonly string[], records: readonly { uuid: string }[]): string[] {
  const recorded = new Set(records.map(({ uuid }) => uuid));
  return uuids.filter((uuid) => !recorded.has(uuid));
}

function endedMigrations(migrations: readonly Pick<MigrationRow, 'uuid' | 'deleted' | 'status'>[]): string[] {
  return migrations
    .filter((migration) => migration.deleted || !isUnderWay(migration))
    .map(({ uuid }) => uuid);
}
