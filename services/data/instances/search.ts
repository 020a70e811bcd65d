import type { Pattern, Timestamp } from '@mini-nova/database';
import { anyOf, comesAfter, matches, orderOf, type SortKey } from '@mini-nova/database';
import { type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Queryable, Schema } from '../database.ts';
import type { InstanceRow } from './table.ts';

export type TextColumn =
  | 'access_ip_v4'
  | 'access_ip_v6'
  | 'availability_zone'
  | 'config_drive'
  | 'display_description'
  | 'display_name'
  | 'host'
  | 'hostname'
  | 'image_ref'
  | 'kernel_id'
  | 'key_name'
  | 'locked_by'
  | 'node'
  | 'project_id'
  | 'ramdisk_id'
  | 'reservation_id'
  | 'root_device_name'
  | 'task_state'
  | 'user_id'
  | 'uuid'
  | 'vm_state';

export type NumberColumn = 'launch_index' | 'power_state' | 'progress';
export type TimeColumn = 'created_at' | 'launched_at' | 'terminated_at';

/** A condition on an instance. */
export type InstanceCondition =
  /** null stands for an empty column. */
  | { column: TextColumn; in: readonly (string | null)[] }
  /** On the column's text as users see it: times as `2026-01-31T12:00:00`, with fractions if any. */
  | { column: TextColumn | NumberColumn | TimeColumn; matches: Pattern }
  /** One of these vm_states, with any task state, or one of those given with it. */
  | { states: readonly { vmState: string; taskStates?: readonly string[] }[] }
  | { flavor: number }
  | { autoDiskConfig: boolean }
  /** One of its IPv4 or IPv6 addresses matches. */
  | { addresses: { 4?: Pattern; 6?: Pattern } }
  /** It was created, changed or deleted at this time or later. */
  | { changedSince: Timestamp };

export interface InstanceSearch {
  conditions?: readonly InstanceCondition[];
  /** Default false: without deleted ones. */
  deleted?: boolean | 'any';
  /** Default: newest first. The last key must be unique. */
  sort?: readonly SortKey[];
  /** Only the instances that come after this one. */
  after?: InstanceRow;
  limit?: number;
}

const NEWEST_FIRST: readonly SortKey[] = [{ column: 'id', direction: 'desc' }];

/** The instances for which all conditions hold. @throws InvalidPattern when a pattern takes too much work */
export async function searchInstances(db: Queryable, search: InstanceSearch): Promise<InstanceRow[]> {
  const { conditions = [], deleted = false, sort = NEWEST_FIRST, after, limit } = search;
  let query = db.selectFrom('instances').selectAll();
  if (deleted !== 'any') query = query.where('deleted', '=', deleted);
  for (const condition of conditions) query = query.where((eb) => expressionOf(db, eb, condition));
  if (after) query = query.where(comesAfter(sort, after));
  for (const part of orderOf(sort)) query = query.orderBy(part);
  if (limit !== undefined) query = query.limit(limit);
  return query.execute();
}

type OnInstances = ExpressionBuilder<Schema, 'instances'>;

function expressionOf(db: Queryable, eb: OnInstances, condition: InstanceCondition): Expression<SqlBool> {
  if ('matches' in condition) return matches(db, shown(condition.column), condition.matches);
  if ('in' in condition) return anyOf(eb, condition.column, condition.in);
  if ('states' in condition) return eb.or(condition.states.map((states) => isIn(eb, states)));
  if ('flavor' in condition) return eb('instance_type_id', '=', condition.flavor);
  if ('autoDiskConfig' in condition) return eb('auto_disk_config', '=', condition.autoDiskConfig);
  if ('addresses' in condition) return hasAddress(db, condition.addresses);
  return eb(eb.fn.coalesce('deleted_at', 'updated_at', 'created_at'), '>=', condition.changedSince);
}

function isIn(
  eb: OnInstances,
  { vmState, taskStates }: { vmState: string; taskStates?: readonly string[] },
): Expression<SqlBool> {
  const isState = eb('vm_state', '=', vmState);
  return taskStates ? eb.and([isState, anyOf(eb, 'task_state', taskStates)]) : isState;
}

/** The column as users see it. */
function shown(column: TextColumn | NumberColumn | TimeColumn): RawBuilder<unknown> {
  const ref = sql.ref(`instances.${column}`);
  switch (column) {
    case 'created_at':
      return sql`substr(${ref}, 1, 19) || 'Z'`;
    case 'launched_at':
    case 'terminated_at':
      return sql`substr(${ref}, 1, 23) || '000'`;
    default:
      return sql`cast(${ref} as text)`;
  }
}

function hasAddress(db: Queryable, patterns: { 4?: Pattern; 6?: Pattern }): Expression<SqlBool> {
  const address = sql.ref('ports.ip_address');
  const versions = [
    ...(patterns[4] ? [sql`${address} not like '%:%' and ${matches(db, address, patterns[4])}`] : []),
    ...(patterns[6] ? [sql`${address} like '%:%' and ${matches(db, address, patterns[6])}`] : []),
  ];
  return sql`exists (select 1 from ports where ports.device_uuid = instances.uuid
    and ((${sql.join(versions, sql`) or (`)})))`;
}
