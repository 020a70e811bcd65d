import { listMigrationsWithAllocations } from '@mini-nova/data/allocations/leftovers';
import { deleteAllocations, lockConsumers } from '@mini-nova/data/allocations/queries';
import { findComputeNode } from '@mini-nova/data/compute-nodes/store';
import type { Database, Queryable } from '@mini-nova/data/database';
import { listMigrations } from '@mini-nova/data/instance-migrations/store';
import { InstanceStore } from '@mini-nova/data/instances/store';
import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { lacking, type ResourceAmounts, resourcesOf } from '@mini-nova/domain/resources';
import type { Logger } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { allocationsOfConsumers, moveAllocationsWithin } from '@mini-nova/placement/allocations';
import { settleEach } from './unsettled.ts';

export interface EndedMigrationsOptions {
  db: Database;
  /** Seconds. Whoever ended a migration more recently is about to give back what it holds. */
  age: number;
  /** By the database's clock. */
  now: Date;
  logger: Logger;
}

type Migration = Awaited<ReturnType<typeof listMigrationsWithAllocations>>[number];

/** What became of what a migration holds. */
type Outcome = 'given back' | 'released' | 'left to another migration' | 'of no record';

const messages: { [outcome in Outcome]?: string } = {
  'given back': 'Gave back to an instance what its ended migration held',
  released: 'Released the allocation of a migration that is over',
  'of no record': 'A migration holds an allocation of an instance of which there is no record',
};

/**
 * Settles what ended migrations still hold: the instance gets it back if it is on that host and does not hold what it
 * needs, as after a failed move; otherwise it is released. Migrations under way keep what they hold.
 */
export class EndedMigrations {
  /** Migrations whose instances have no record, and that have been logged. */
  #told: ReadonlySet<string> = new Set();

  /** @throws the first failure, once each was tried */
  async settle({ db, age, now, logger }: EndedMigrationsOptions): Promise<void> {
    const before = new Date(now.getTime() - age * 1000).toISOString();
    const told = this.#told;
    const unknown = new Set<string>();
    this.#told = unknown;
    await settleEach(await listMigrationsWithAllocations(db.kysely, before), async (migration) => {
      const { uuid, instance_uuid, status } = migration;
      const outcome = await db.transaction((trx) => settle(trx, migration), { lostCommit: 'repeat' });
      if (outcome === 'of no record') unknown.add(uuid);
      const message = messages[outcome];
      if (message === undefined || (unknown.has(uuid) && told.has(uuid))) return;
      logger.warn({ migration: uuid, instance_uuid, status }, message);
    });
  }
}

async function settle(trx: Queryable, { uuid, instance_uuid }: Migration): Promise<Outcome> {
  if (instance_uuid === null) return 'of no record';
  // Read after locking: where the instance was before does not count.
  await lockConsumers(trx, [uuid, instance_uuid]);
  const instance = await instanceOf(trx, instance_uuid);
  if (instance === undefined) return 'of no record';
  const others = await listMigrations(trx, { instanceUuids: [instance_uuid], underWay: true });
  if (await isDueBack(trx, uuid, instance, others)) {
    // Given back, it would take the place of what the instance has claimed for the move that is under way.
    if (others.length > 0) return 'left to another migration';
    if ((await moveAllocationsWithin(trx, uuid, instance_uuid)) === 'moved') return 'given back';
  }
  await deleteAllocations(trx, uuid);
  return 'released';
}

async function instanceOf(trx: Queryable, uuid: string): Promise<Instance | undefined> {
  try {
    return await new InstanceStore(trx).getByUuid(uuid, { includeDeleted: true });
  } catch (error) {
    if (error instanceof InstanceNotFound) return undefined;
    throw error;
  }
}

/** Whether the migration holds what the instance needs where it is, and nobody else holds that for it. */
async function isDueBack(
  trx: Queryable,
  migrationUuid: string,
  instance: Instance,
  others: readonly { uuid: string }[],
): Promise<boolean> {
  const { uuid, host, node, deleted, flavor } = instance;
  if (deleted || host === null || node === null) return false;
  const provider = (await findComputeNode(trx, host, node))?.uuid;
  if (provider === undefined) return false;
  const held = await allocationsOfConsumers(trx, [uuid, migrationUuid, ...others.map((other) => other.uuid)]);
  const of = (consumer: string) => held.get(consumer)?.[provider];
  const [own, left] = [of(uuid), of(migrationUuid)];
  if (left === undefined || others.some((other) => of(other.uuid) !== undefined)) return false;
  if (own === undefined) return true;
  const due = resourcesOf(flavor);
  return !isSame(own, due) && isSame(left, due);
}

function isSame(one: ResourceAmounts, other: ResourceAmounts): boolean {
  return Object.keys({ ...lacking(one, other), ...lacking(other, one) }).length === 0;
}
