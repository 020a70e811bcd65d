import {
  comesAfter,
  databaseTimestamp,
  idempotent,
  orderOf,
  preparedQuery,
  type SortKey,
  type Timestamp,
} from '@mini-nova/database';
import { FlavorNotFound } from '@mini-nova/domain/exceptions';
import { Flavor, FlavorList } from '@mini-nova/objects';
import type { Queryable } from '../database.ts';
import { RowCodec } from '../row-codec.ts';
import type { FlavorRow, NewFlavor } from './table.ts';

/** Fields without a column: a flavor here belongs to all projects. */
const unstored = new Set(['projects']);

const codec = new RowCodec<Flavor, FlavorRow>({
  type: Flavor,
  columns: Object.keys(Flavor.fields).filter((field) => !unstored.has(field)) as (keyof FlavorRow)[],
  json: ['extra_specs'],
});

export interface FlavorQuery extends Omit<FlavorSearch, 'after'> {
  /** The id that users see. */
  marker?: string;
}

/** The flavors in the database. */
export class FlavorStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** By the id in the database. @throws FlavorNotFound */
  async getById(id: number): Promise<Flavor> {
    return codec.toObject(found(await findFlavor(this.#db, id), String(id)));
  }

  /** By the id that users see. @throws FlavorNotFound */
  async getByFlavorid(flavorid: string): Promise<Flavor> {
    return codec.toObject(found(await findFlavorByFlavorid(this.#db, flavorid), flavorid));
  }

  /** @throws FlavorNotFound */
  async getByName(name: string): Promise<Flavor> {
    return codec.toObject(found(await findFlavorByName(this.#db, name), name));
  }

  /** In the order of creation, unless `sort` says otherwise. @throws FlavorNotFound for an unknown marker */
  async list({ marker, ...search }: FlavorQuery = {}): Promise<FlavorList> {
    const after =
      marker === undefined ? {} : { after: found(await findFlavorByFlavorid(this.#db, marker), marker) };
    const rows = await listFlavors(this.#db, { ...search, ...after });
    return FlavorList.hydrate({ objects: rows.map((row) => codec.toObject(row)) });
  }

  /** Stores a new flavor. If its name or flavorid is taken, the database reports a unique violation. */
  async create(flavor: Flavor): Promise<void> {
    const { id: _assigned, ...values } = codec.toRow(flavor);
    const { flavorid, memory_mb, vcpus, root_gb } = flavor;
    const required = {
      name: flavor.name ?? '',
      flavorid,
      memory_mb,
      vcpus,
      root_gb,
      created_at: databaseTimestamp(this.#db),
    };
    const row = await insertFlavor(this.#db, { ...values, ...required });
    codec.adopt(flavor, row);
  }

  /** Marks the flavor as deleted. False: it already was. */
  async delete(flavor: Flavor): Promise<boolean> {
    return softDeleteFlavor(this.#db, flavor.id, databaseTimestamp(this.#db));
  }
}

function found(row: FlavorRow | undefined, id: string): FlavorRow {
  if (row === undefined) throw new FlavorNotFound({ flavor_id: id });
  return row;
}

/** Among flavors that are not deleted, names and flavorids are unique: a second is a unique violation. */
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
  /** Least memory, in MiB. */
  minMemoryMb?: number;
  /** Smallest root disk, in GiB. */
  minRootGb?: number;
  /** Default: in the order of creation. The last key must be unique. */
  sort?: readonly SortKey[];
  /** Only the flavors that come after this one. */
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

/** False: it did not exist or was deleted already, perhaps by a first try whose answer was lost. */
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
