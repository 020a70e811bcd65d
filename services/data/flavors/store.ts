import { databaseTimestamp } from '@mini-nova/database';
import { FlavorNotFound } from '@mini-nova/domain/exceptions';
import { Flavor, FlavorList } from '@mini-nova/objects';
import { type Connection, queryableOf } from '../connection.ts';
import type { Queryable } from '../database.ts';
import { RowCodec } from '../row-codec.ts';
import {
  type FlavorSearch,
  findFlavor,
  findFlavorByFlavorid,
  findFlavorByName,
  insertFlavor,
  listFlavors,
  softDeleteFlavor,
} from './queries.ts';
import type { FlavorRow } from './table.ts';

/** Fields that are no column: a flavor here belongs to all projects. */
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

  constructor(connection: Connection) {
    this.#db = queryableOf(connection);
  }

  /** By the database's number. @throws FlavorNotFound */
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

  /** In the order they were made, unless `sort` says otherwise. @throws FlavorNotFound for an unknown marker */
  async list({ marker, ...search }: FlavorQuery = {}): Promise<FlavorList> {
    const after =
      marker === undefined ? {} : { after: found(await findFlavorByFlavorid(this.#db, marker), marker) };
    const rows = await listFlavors(this.#db, { ...search, ...after });
    return FlavorList.hydrate({ objects: rows.map((row) => codec.toObject(row)) });
  }

  /** Stores a new flavor. That its name or flavorid is taken is a unique violation of the database. */
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

  /** Marks the flavor deleted. False when it was deleted before. */
  async delete(flavor: Flavor): Promise<boolean> {
    return softDeleteFlavor(this.#db, flavor.id, databaseTimestamp(this.#db));
  }
}

function found(row: FlavorRow | undefined, id: string): FlavorRow {
  if (row === undefined) throw new FlavorNotFound({ flavor_id: id });
  return row;
}
