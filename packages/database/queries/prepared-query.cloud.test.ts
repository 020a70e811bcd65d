import { expect, onTestFinished, test } from 'vitest';
import type { Queryable } from '../index.ts';
import { insertPart, openParts, type Parts, type PartsSchema } from '../test/parts.ts';
import { preparedQuery } from './prepared-query.ts';

async function open(): Promise<Parts> {
  const db = await openParts();
  onTestFinished(() => db.close());
  return db;
}

interface Wanted {
  names: readonly string[];
  kind?: string | null;
}

/** And how often it was built. */
function countedQuery() {
  const built = { times: 0 };
  const query = preparedQuery((db: Queryable<PartsSchema>, { names, kind }: Wanted) => {
    built.times += 1;
    const all = db.selectFrom('parts').select('name').where('name', 'in', names);
    if (kind === undefined) return all;
    return kind === null ? all.where('kind', 'is', null) : all.where('kind', '=', kind);
  });
  return { built, query };
}

async function fill({ kysely }: Parts): Promise<void> {
  await insertPart(kysely, 'a', 'compute');
  await insertPart(kysely, 'b', 'compute');
  await insertPart(kysely, 'c', null);
}

test('a query is built once for each shape of its values, and returns what fits the values', async () => {
  const db = await open();
  await fill(db);
  const { built, query } = countedQuery();
  const names = async (values: Wanted) => (await query(db.kysely, values)).rows.map(({ name }) => name);

  expect(await names({ names: ['a'] })).toEqual(['a']);
  expect(await names({ names: ['b'] })).toEqual(['b']);
  expect(built.times).toBe(1);

  expect(await names({ names: ['a', 'c'] })).toEqual(['a', 'c']);
  expect(await names({ names: ['a', 'c'], kind: null })).toEqual(['c']);
  expect(await names({ names: ['a', 'c'], kind: 'compute' })).toEqual(['a']);
  expect(built.times).toBe(4);

  expect(await names({ names: ['b', 'c'], kind: 'compute' })).toEqual(['b']);
  expect(built.times).toBe(4);
});

test('a query with a long list is answered, and not kept', async () => {
  const db = await open();
  await fill(db);
  const { built, query } = countedQuery();
  const long = { names: Array.from({ length: 200 }, (_, n) => (n === 150 ? 'b' : `${n}`)) };

  expect((await query(db.kysely, long)).rows).toEqual([{ name: 'b' }]);
  expect((await query(db.kysely, long)).rows).toEqual([{ name: 'b' }]);
  expect(built.times).toBe(2);
});
