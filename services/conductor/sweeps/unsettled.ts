import type { Database, Queryable } from '@mini-nova/data/database';
import { lockInstance } from '@mini-nova/data/instances/queries';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import { restingStates, type Way, wayOf } from '@mini-nova/domain/states/instance-states';
import type { Instance } from '@mini-nova/objects';
import type { Deadlines } from './deadlines.ts';

/**
 * Ways to rest that are also right for an instance between two hosts. For the others, a migration under way knows more
 * than the instance's record.
 */
const waysBetweenHosts: readonly Way[] = [
  'finish the deletion',
  'finish the power change',
  'note the launch',
];

/** Instances that have to come to rest in one of these ways, and about which nothing was saved for too long. */
export async function unsettled(
  instances: InstanceStore,
  ways: readonly Way[],
  deadlines: Deadlines,
): Promise<Instance[]> {
  const changedBefore = deadlines.earliest(ways)?.toISOString();
  if (changedBefore === undefined) return [];
  const listed = await instances.list({ unsettled: restingStates, changedBefore });
  const found = [...listed].filter(
    (instance) => ways.includes(wayOf(instance)) && deadlines.isToRepeat(instance),
  );
  const moving = await instances.betweenHosts(found.map(({ uuid }) => uuid));
  return found.filter((instance) => holdsBetweenHosts(instance) || !moving.has(instance.uuid));
}

function holdsBetweenHosts(instance: Instance): boolean {
  return waysBetweenHosts.includes(wayOf(instance));
}

/**
 * Runs `work` in one transaction on the instance as it is now. False, and nothing is done, when it has changed since it
 * was seen: then it is someone else's.
 */
export async function ifStillUnsettled(
  { db, instances, deadlines }: { db: Database; instances: InstanceStore; deadlines: Deadlines },
  seen: Instance,
  work: (store: InstanceStore, instance: Instance) => Promise<void>,
): Promise<boolean> {
  const guarded = async (trx: Queryable) => {
    if (!(await lockInstance(trx, seen.uuid))) return false;
    const store = instances.within(trx);
    const instance = await store.getByUuid(seen.uuid);
    if (wayOf(instance) !== wayOf(seen) || !deadlines.isOver(instance)) return false;
    // A move that has begun since it was seen is recorded without a change of the instance.
    if (!holdsBetweenHosts(instance) && (await store.betweenHosts([instance.uuid])).size > 0) return false;
    await work(store, instance);
    return true;
  };
  // Repeated, it finds that the instance has changed.
  return db.transaction(guarded, { lostCommit: 'repeat' });
}

/** Each on its own: one that fails does not keep the others from their rest. @throws the first failure, at the end */
export async function settleEach<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      await step(item);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
