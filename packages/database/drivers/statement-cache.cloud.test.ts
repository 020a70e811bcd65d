import type { Kysely } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { insertPart, openParts } from '../test/parts.ts';
import { SQLite } from './sqlite.ts';
import { StatementCache } from './statement-cache.ts';

/** SQLite that counts what it prepares, by text. */
class CountingDatabase extends SQLite {
  readonly prepared = new Map<string, number>();

  override prepare<P extends unknown[] | object, R>(sql: string) {
    this.prepared.set(sql, (this.prepared.get(sql) ?? 0) + 1);
    return super.prepare<P, R>(sql) as never;
  }
}

function openCounting(): CountingDatabase {
  const database = new CountingDatabase(':memory:');
  onTestFinished(() => void database.close());
  database.exec('create table flags (id integer primary key, raised boolean)');
  return database;
}

test('a statement is prepared once, however often it runs', () => {
  const database = openCounting();
  const cache = new StatementCache(database);
  for (let n = 0; n < 10; n += 1) cache.get('insert into flags (raised) values (?)').statement.run(n % 2);
  for (let n = 0; n < 10; n += 1) expect(cache.get('select * from flags').statement.all()).toHaveLength(10);
  expect([...database.prepared.values()]).toEqual([1, 1]);
});

test('knows which columns are booleans', () => {
  const { booleans } = new StatementCache(openCounting()).get('select id, raised from flags');
  expect(booleans).toEqual(['raised']);
});

test('of more statements than fit, those used last are kept', () => {
  const database = openCounting();
  const cache = new StatementCache(database, 3);
  const texts = [1, 2, 3, 4].map((n) => `select ${n}`);
  for (const text of texts.slice(0, 3)) cache.get(text);
  cache.get('select 1');
  cache.get('select 4');
  for (const n of [1, 3, 4, 2]) cache.get(`select ${n}`);
  expect(texts.map((text) => database.prepared.get(text))).toEqual([1, 2, 1, 1]);
});

test('a change of the schema shows in statements that were prepared before', async () => {
  const db = await openParts();
  onTestFinished(() => db.close());
  await insertPart(db.kysely, 'first');
  const read = () => (db.kysely as unknown as Kysely<Row>).selectFrom('parts').selectAll().executeTakeFirst();
  expect(await read()).not.toHaveProperty('added');
  await db.kysely.schema
    .alterTable('parts')
    .addColumn('added', 'boolean', (col) => col.defaultTo(1))
    .execute();
  expect(await read()).toHaveProperty('added', true);
});

type Row = Record<string, Record<string, unknown>>;
