import type { Queryable } from '../database.ts';
import type { FlavorRow, NewFlavor, Timestamp } from '../schema.ts';

/** Of the living flavors each name and flavorid is there once: a second is a unique violation. */
export async function insertFlavor(db: Queryable, flavor: NewFlavor): Promise<FlavorRow> {
  return db.insertInto('flavors').values(flavor).returningAll().executeTakeFirstOrThrow();
}

export async function findFlavor(db: Queryable, id: number): Promise<FlavorRow | undefined> {
  return living(db).where('id', '=', id).executeTakeFirst();
}

/** By the id that users see. */
export async function findFlavorByFlavorid(db: Queryable, flavorid: string): Promise<FlavorRow | undefined> {
  return living(db).where('flavorid', '=', flavorid).executeTakeFirst();
}

export async function findFlavorByName(db: Queryable, name: string): Promise<FlavorRow | undefined> {
  return living(db).where('name', '=', name).executeTakeFirst();
}

/** In the order they were made. */
export async function listFlavors(db: Queryable): Promise<FlavorRow[]> {
  return living(db).orderBy('id').execute();
}

export async function softDeleteFlavor(db: Queryable, id: number, at: Timestamp): Promise<boolean> {
  const { numUpdatedRows } = await db
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
