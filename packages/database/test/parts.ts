import type { Generated } from 'kysely';
import {
  type Database,
  type DatabaseOptions,
  type Migration,
  migrate,
  openDatabase,
  type Queryable,
} from '../index.ts';

/** The tables of a small schema. */
export interface PartsSchema {
  parts: { id: Generated<number>; name: string; kind: string | null };
}

export type Parts = Database<PartsSchema>;

const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'parts',
    up: ({ id }) => [`create table parts (id ${id}, name text not null unique, kind text)`],
  },
];

/** An open database that has the table. */
export async function openParts(connection = 'sqlite://', options: DatabaseOptions = {}): Promise<Parts> {
  const db = await openDatabase<PartsSchema>(connection, options);
  await migrate(db, migrations);
  return db;
}

export async function insertPart(db: Queryable<PartsSchema>, name: string, kind: string | null = null) {
  await db.insertInto('parts').values({ name, kind }).execute();
}

export async function listParts(db: Queryable<PartsSchema>): Promise<string[]> {
  return (await db.selectFrom('parts').select('name').orderBy('id').execute()).map(({ name }) => name);
}
