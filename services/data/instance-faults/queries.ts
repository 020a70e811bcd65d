import { anyOf, idempotent } from '@mini-nova/database';
import { InstanceFault } from '@mini-nova/objects';
import type { Queryable } from '../database.ts';
import { RowCodec } from '../row-codec.ts';
import type { InstanceFaultRow, NewInstanceFault } from './table.ts';

export const faultCodec = new RowCodec<InstanceFault, InstanceFaultRow>({
  type: InstanceFault,
  columns: ['id', 'instance_uuid', 'code', 'message', 'details', 'host', 'created_at', 'updated_at'],
});

export async function insertInstanceFault(db: Queryable, fault: NewInstanceFault): Promise<InstanceFaultRow> {
  return idempotent(db).insertInto('instance_faults').values(fault).returningAll().executeTakeFirstOrThrow();
}

/** The newest fault of each of the instances that have one. */
export async function latestInstanceFaults(
  db: Queryable,
  instanceUuids: readonly string[],
): Promise<InstanceFaultRow[]> {
  return db
    .selectFrom('instance_faults')
    .selectAll()
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('instance_faults as f')
        .select(({ fn }) => fn.max('f.id').as('id'))
        .where((on) => anyOf(on, 'f.instance_uuid', instanceUuids))
        .groupBy('f.instance_uuid'),
    )
    .execute();
}
