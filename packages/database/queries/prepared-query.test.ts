import { expect, onTestFinished, test } from 'vitest';
import { type Database, openDatabase, type Queryable } from '../index.ts';
import { preparedQuery } from './prepared-query.ts';

async function open(): Promise<Database> {
  const db = await openDatabase('sqlite://');
  onTestFinished(() => db.close());
  return db;
}

interface Services {
  hosts: readonly string[];
  topic?: string | null;
}

/** And how often it was built. */
function countedQuery() {
  const built = { times: 0 };
  const query = preparedQuery((db: Queryable, { hosts, topic }: Services) => {
    built.times += 1;
    const all = db.selectFrom('services').select('host').where('host', 'in', hosts);
    if (topic === undefined) return all;
    return topic === null ? all.where('topic', 'is', null) : all.where('topic', '=', topic);
  });
  return { built, query };
}

async function fill(db: Database): Promise<void> {
  await db.kysely.schema
    .createTable('services')
    .addColumn('host', 'text')
    .addColumn('topic', 'text')
    .execute();
  const row = (host: string, topic: string | null) => ({ host, topic }) as never;
  await db.kysely
    .insertInto('services')
    .values([row('a', 'compute'), row('b', 'compute'), row('c', null)])
    .execute();
}

test('a query is built once for each shape of its values, and returns what fits the values', async () => {
  const db = await open();
  await fill(db);
  const { built, query } = countedQuery();
  const hosts = async (values: Services) => (await query(db.kysely, values)).rows.map(({ host }) => host);

  expect(await hosts({ hosts: ['a'] })).toEqual(['a']);
  expect(await hosts({ hosts: ['b'] })).toEqual(['b']);
  expect(built.times).toBe(1);

  expect(await hosts({ hosts: ['a', 'c'] })).toEqual(['a', 'c']);
  expect(await hosts({ hosts: ['a', 'c'], topic: null })).toEqual(['c']);
  expect(await hosts({ hosts: ['a', 'c'], topic: 'compute' })).toEqual(['a']);
  expect(built.times).toBe(4);

  expect(await hosts({ hosts: ['b', 'c'], topic: 'compute' })).toEqual(['b']);
  expect(built.times).toBe(4);
});

test('a query with a long list is answered, and not kept', async () => {
  const db = await open();
  await fill(db);
  const { built, query } = countedQuery();
  const long = { hosts: Array.from({ length: 200 }, (_, n) => (n === 150 ? 'b' : `${n}`)) };

  expect((await query(db.kysely, long)).rows).toEqual([{ host: 'b' }]);
  expect((await query(db.kysely, long)).rows).toEqual([{ host: 'b' }]);
  expect(built.times).toBe(2);
});
