import type { Timestamp } from '@mini-nova/database';
import { anyOf, idempotent, locksRows, onlyRow, preparedQuery } from '@mini-nova/database';
import type { ExpectedStates } from '@mini-nova/domain/states/expected-states';
import { VmState } from '@mini-nova/domain/states/vm-state';
import { type Expression, type ExpressionBuilder, expressionBuilder, type SqlBool } from 'kysely';
import type { Queryable, Schema } from '../database.ts';
import { isBetweenHosts, listMovingInstances } from '../instance-migrations/store.ts';
import type { InstanceChanges, InstanceRow, NewInstance } from './table.ts';

export interface InstanceFilters {
  uuids?: readonly string[];
  host?: string;
  node?: string;
  projectId?: string;
  vmStates?: readonly string[];
  /** null stands for no task. */
  taskStates?: readonly (string | null)[];
  /** Only those not at rest: with a task, or in none of these states. */
  unsettled?: RestingStates;
  /** Rows whose last change (or creation) is before this time. */
  changedBefore?: Timestamp;
  /** Default false: without deleted ones. */
  deleted?: boolean | 'any';
  limit?: number;
}

/** The vm_states in which an instance without a task is at rest. */
export interface RestingStates {
  /** On any host or none. */
  anywhere: readonly string[];
  /** On a host, if it was launched. */
  onHost: readonly string[];
}

export async function insertInstance(db: Queryable, instance: NewInstance): Promise<InstanceRow> {
  const { rows } = await insert(db, instance);
  return onlyRow(rows);
}

const insert = preparedQuery((db: Queryable, instance: NewInstance) =>
  db.insertInto('instances').values(instance).returningAll(),
);

export async function findInstance(
  db: Queryable,
  uuid: string,
  { includeDeleted = false } = {},
): Promise<InstanceRow | undefined> {
  const { rows } = await (includeDeleted ? anyInstance : livingInstance)(db, { uuid });
  return rows[0];
}

const anyInstance = preparedQuery((db: Queryable, { uuid }: { uuid: string }) =>
  db.selectFrom('instances').selectAll().where('uuid', '=', uuid),
);
const livingInstance = preparedQuery((db: Queryable, { uuid }: { uuid: string }) =>
  db.selectFrom('instances').selectAll().where('uuid', '=', uuid).where('deleted', '=', false),
);

/**
 * Locks the instance's row until the transaction ends, so that changes of what belongs to the instance run one after another.
 * False: it does not exist or is deleted.
 */
export async function lockInstance(trx: Queryable, uuid: string): Promise<boolean> {
  const { numAffectedRows = 0n } = await touch(trx, { uuid });
  return numAffectedRows > 0n;
}

const touch = preparedQuery((db: Queryable, { uuid }: { uuid: string }) =>
  db
    .updateTable('instances')
    .set((eb) => ({ uuid: eb.ref('uuid') }))
    .where('uuid', '=', uuid)
    .where('deleted', '=', false),
);

/** Newest first. For the services: users' searches go through `searchInstances`. */
export async function listInstances(db: Queryable, filters: InstanceFilters = {}): Promise<InstanceRow[]> {
  const {
    uuids,
    host,
    node,
    projectId,
    vmStates,
    taskStates,
    unsettled,
    changedBefore,
    deleted = false,
    limit,
  } = filters;
  let query = db.selectFrom('instances').selectAll().orderBy('id', 'desc');
  if (uuids) query = query.where((eb) => anyOf(eb, 'uuid', uuids));
  if (host !== undefined) query = query.where('host', '=', host);
  if (node !== undefined) query = query.where('node', '=', node);
  if (projectId !== undefined) query = query.where('project_id', '=', projectId);
  if (vmStates) query = query.where((eb) => anyOf(eb, 'vm_state', vmStates));
  if (taskStates) query = query.where((eb) => anyOf(eb, 'task_state', taskStates));
  if (unsettled) query = query.where((eb) => eb.not(isResting(eb, unsettled)));
  if (changedBefore !== undefined) {
    query = query.where(({ fn }) => fn.coalesce('updated_at', 'created_at'), '<', changedBefore);
  }
  if (deleted !== 'any') query = query.where('deleted', '=', deleted);
  if (limit !== undefined) query = query.limit(limit);
  return query.execute();
}

/**
 * Changes an instance that is not deleted in one statement, if it is in the guard's states, or already in the states that
 * `changes` sets (a repeated save whose first answer was lost). Returns the new row; undefined: nothing was changed.
 */
export async function updateInstance(
  db: Queryable,
  uuid: string,
  changes: InstanceChanges,
  guard: ExpectedStates = {},
): Promise<InstanceRow | undefined> {
  const { rows } = await update(db, { uuid, changes, guard });
  return rows[0];
}

interface Update {
  uuid: string;
  changes: InstanceChanges;
  guard: ExpectedStates;
}

const update = preparedQuery((db: Queryable, { uuid, changes, guard }: Update) =>
  idempotent(db)
    .updateTable('instances')
    .set(changes)
    .where('uuid', '=', uuid)
    .where('deleted', '=', false)
    .where((eb) => eb.or([isExpected(eb, guard), isAlready(eb, changes, guard)]))
    .returningAll(),
);

/**
 * Shows that instances which wait for a host are being worked on, by setting the time of their last change. Locked rows are
 * skipped: someone is working on them.
 */
export async function touchScheduling(db: Queryable, uuids: readonly string[], at: Timestamp): Promise<void> {
  if (uuids.length === 0) return;
  await idempotent(db)
    .updateTable('instances')
    .set({ updated_at: at })
    .where('uuid', 'in', (eb) =>
      eb
        .selectFrom('instances')
        .select('uuid')
        .where('uuid', 'in', uuids)
        .where('deleted', '=', false)
        .where('vm_state', '=', 'building')
        .where('task_state', '=', 'scheduling')
        .orderBy('uuid')
        .$if(locksRows(db), (query) => query.forUpdate().skipLocked()),
    )
    .execute();
}

/** Marks the instance as deleted. False: it did not exist or was deleted already, perhaps by a first try whose answer was lost. */
export async function softDeleteInstance(db: Queryable, uuid: string, at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await idempotent(db)
    .updateTable('instances')
    .set({ deleted: true, deleted_at: at, vm_state: 'deleted', task_state: null })
    .where('uuid', '=', uuid)
    .where('deleted', '=', false)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

type OnInstances = ExpressionBuilder<Schema, 'instances'>;

function isExpected(eb: OnInstances, { vmState, taskState }: ExpectedStates): Expression<SqlBool> {
  return eb.and([
    ...(vmState ? [anyOf(eb, 'vm_state', vmState)] : []),
    ...(taskState ? [anyOf(eb, 'task_state', taskState)] : []),
  ]);
}

/** Never null, so that it can be negated. */
function isResting(eb: OnInstances, { anywhere, onHost }: RestingStates): Expression<SqlBool> {
  return eb.and([
    eb('task_state', 'is', null),
    eb('vm_state', 'is not', null),
    eb.or([
      anyOf(eb, 'vm_state', anywhere),
      eb.and([anyOf(eb, 'vm_state', onHost), eb('host', 'is not', null), eb('launched_at', 'is not', null)]),
    ]),
  ]);
}

/**
 * Whether the changes are already stored. A state that they leave alone must still be as the guard says. If they set a host,
 * it must be that host: the same states with another host come from someone else's save.
 */
function isAlready(eb: OnInstances, changes: InstanceChanges, guard: ExpectedStates): Expression<SqlBool> {
  const { vm_state, task_state, host } = changes;
  if (vm_state === undefined && task_state === undefined) return eb.or([]);
  return eb.and([
    isExpected(eb, {
      vmState: vm_state === undefined ? guard.vmState : [vm_state],
      taskState: task_state === undefined ? guard.taskState : [task_state],
    }),
    ...(host === undefined ? [] : [anyOf(eb, 'host', [host])]),
  ]);
}

type EndState = Pick<InstanceRow, 'vm_state' | 'host'>;

/** The state of an instance that will never use what it holds, unless it is between two hosts. */
const failed: EndState = { vm_state: VmState.ERROR, host: null };
const failedColumns = Object.keys(failed) as (keyof EndState)[];

/**
 * Whether the instance of the outer query will never use what it holds: it is deleted, or in ERROR on no host and not between
 * two.
 */
export function hasEnded(): Expression<SqlBool> {
  const eb = expressionBuilder<Schema, 'instances'>();
  const is = (column: keyof EndState) =>
    failed[column] === null
      ? eb(`instances.${column}`, 'is', null)
      : eb(`instances.${column}`, '=', failed[column]);
  return eb.or([
    eb('instances.deleted', '=', true),
    eb.and([...failedColumns.map(is), eb.not(isBetweenHosts('instances.uuid'))]),
  ]);
}

/** Those of the given rows that have ended, as `hasEnded` says. Moves are read only where they count. */
export async function endedOf(
  db: Queryable,
  instances: readonly (Pick<InstanceRow, 'uuid' | 'deleted'> & EndState)[],
): Promise<string[]> {
  const hasFailed = (instance: EndState) =>
    failedColumns.every((column) => instance[column] === failed[column]);
  const ended = instances.filter((instance) => instance.deleted || hasFailed(instance));
  if (ended.length === 0) return [];
  const living = ended.filter(({ deleted }) => !deleted).map(({ uuid }) => uuid);
  const moving = await listMovingInstances(db, living);
  return ended.map(({ uuid }) => uuid).filter((uuid) => !moving.has(uuid));
}
