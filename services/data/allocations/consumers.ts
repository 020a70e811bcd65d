import { locksRows, preparedQuery } from '@mini-nova/database';
import { isUnderWay } from '@mini-nova/domain/states/migration-status';
import { sql } from 'kysely';
import type { Queryable } from '../database.ts';
import { listMovingInstances } from '../instance-migrations/store.ts';
import type { MigrationRow } from '../instance-migrations/table.ts';
import type { InstanceRow } from '../instances/table.ts';

/**
 * Which of the consumers will never use what they are given: instances that are deleted, or in ERROR on no host and not
 * between two; migrations that are over.
 */
export async function listEndedConsumers(db: Queryable, uuids: readonly string[]): Promise<string[]> {
  if (uuids.length === 0) return [];
  const { rows: instances } = await statesOf(db, { uuids });
  const others = withoutRecord(uuids, instances);
  const migrations = others.length === 0 ? [] : (await statusesOf(db, { uuids: others })).rows;
  return [...(await endedInstances(db, instances)), ...endedMigrations(migrations)];
}

/**
 * As `listEndedConsumers`, and until the transaction ends, nobody else who locks one of the consumers gets on, and none
 * of their records changes. Locked are first the instances, then the migrations, each in the order of their uuids, so that
 * no two who lock several wait for each other; last those of whom there is no record (another control plane's).
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
  return [...(await endedInstances(trx, instances)), ...endedMigrations(migrations)];
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

async function endedInstances(
  db: Queryable,
  instances: readonly Pick<InstanceRow, 'uuid' | 'deleted' | 'vm_state' | 'host'>[],
): Promise<string[]> {
  const ended = instances.filter(
    ({ deleted, vm_state, host }) => deleted || (vm_state === 'error' && host === null),
  );
  if (ended.length === 0) return [];
  const failed = ended.filter(({ deleted }) => !deleted).map(({ uuid }) => uuid);
  const moving = await listMovingInstances(db, failed);
  return ended.map(({ uuid }) => uuid).filter((uuid) => !moving.has(uuid));
}

function endedMigrations(migrations: readonly Pick<MigrationRow, 'uuid' | 'deleted' | 'status'>[]): string[] {
  return migrations
    .filter((migration) => migration.deleted || !isUnderWay(migration))
    .map(({ uuid }) => uuid);
}
