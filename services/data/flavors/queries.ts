import type { Timestamp } from '@mini-nova/database';
import { comesAfter, idempotent, orderOf, preparedQuery, type SortKey } from '@mini-nova/database';
import type { Queryable } from '../database.ts';
import type { FlavorRow, NewFlavor } from './table.ts';

/** Of the living flavors each name and flavorid is there once: a second is a unique violation. */
export async function insertFlavor(db: Queryable, flavor: NewFlavor): Promise<FlavorRow> {
  return db.insertInto('flavors').values(flavor).returningAll().executeTakeFirstOrThrow();
}

export async function findFlavor(db: Queryable, id: number): Promise<FlavorRow | undefined> {
  return living(db).where('id', '=', id).executeTakeFirst();
}

/** By the id that users see. */
export async function findFlavorByFlavorid(db: Queryable, flavorid: string): Promise<FlavorRow | undefined> {
  const { rows } = await livingOfFlavorid(db, { flavorid });
  return rows[0];
}

const livingOfFlavorid = preparedQuery((db: Queryable, { flavorid }: { flavorid: string }) =>
  living(db).where('flavorid', '=', flavorid),
);

export async function findFlavorByName(db: Queryable, name: string): Promise<FlavorRow | undefined> {
  return living(db).where('name', '=', name).executeTakeFirst();
}

export interface FlavorSearch {
  isPublic?: boolean;
  /** MiB at least. */
  minMemoryMb?: number;
  /** GiB at least. */
  minRootGb?: number;
  /** Default: in the order they were made. The last key tells all flavors apart. */
  sort?: readonly SortKey[];
  /** Those that come after this one. */
  after?: FlavorRow;
  limit?: number;
}

const OLDEST_FIRST: readonly SortKey[] = [{ column: 'id', direction: 'asc' }];

export async function listFlavors(db: Queryable, search: FlavorSearch = {}): Promise<FlavorRow[]> {
  const { isPublic, minMemoryMb, minRootGb, sort = OLDEST_FIRST, after, limit } = search;
  let query = living(db);
  if (isPublic !== undefined) query = query.where('is_public', '=', isPublic);
  if (minMemoryMb !== undefined) query = query.where('memory_mb', '>=', minMemoryMb);
  if (minRootGb !== undefined) query = query.where('root_gb', '>=', minRootGb);
  if (after) query = query.where(comesAfter(sort, after));
  for (const part of orderOf(sort)) query = query.orderBy(part);
  if (limit !== undefined) query = query.limit(limit);
  return query.execute();
}

/** False: there was no living one, or it was marked when an answer was lost. */
export async function softDeleteFlavor(db: Queryable, id: number, at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await idempotent(db)
    .updateTable('flavors')
    .set({ deleted: true, deleted_at: at })
    .where('id', '=', id)
    .where('deleted', '=', false)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

function living(db: Queryable) {
  return db.selectFrom('flavors').selectAll().where('deleted', '=', false);
}
