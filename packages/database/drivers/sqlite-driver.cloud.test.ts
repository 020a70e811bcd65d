import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Turns } from '../index.ts';
import { insertPart, listParts, openParts, type Parts } from '../test/parts.ts';

async function openFile(turns?: Turns): Promise<Parts> {
  const path = join(tempDir('sqlite-'), 'nova.sqlite');
  const db = await openParts(`sqlite:///${path}`, turns && { turns });
  onTestFinished(() => db.close());
  return db;
}

/** Begins a transaction that has stored a part, and waits. */
async function openTransaction(db: Parts) {
  let commit = () => {};
  let began = () => {};
  const mayCommit = new Promise<void>((resolve) => {
    commit = resolve;
  });
  const hasBegun = new Promise<void>((resolve) => {
    began = resolve;
  });
  const committed = db.transaction(async (trx) => {
    await insertPart(trx, 'first');
    began();
    await mayCommit;
  });
  await hasBegun;
  return { commit, committed };
}

test('reads do not wait for a transaction and see only what is committed', async () => {
  const db = await openFile();
  const { commit, committed } = await openTransaction(db);
  expect(await listParts(db.kysely)).toEqual([]);
  expect(await db.snapshot((trx) => listParts(trx))).toEqual([]);
  commit();
  await committed;
  expect(await listParts(db.kysely)).toHaveLength(1);
  expect(await db.snapshot((trx) => listParts(trx))).toHaveLength(1);
});

test('a read sees at once what was stored', async () => {
  const db = await openFile();
  for (let n = 1; n <= 20; n += 1) {
    await insertPart(db.kysely, `part ${n}`);
    expect(await listParts(db.kysely)).toHaveLength(n);
  }
});

test('writes wait for a transaction', async () => {
  const db = await openFile();
  const { commit, committed } = await openTransaction(db);
  const log: string[] = [];
  const stored = insertPart(db.kysely, 'second').then(() => log.push('stored'));
  for (let n = 0; n < 5; n += 1) await listParts(db.kysely);
  log.push('committed');
  commit();
  await Promise.all([committed, stored]);
  expect(log).toEqual(['committed', 'stored']);
});

test('a statement that begins like a read and writes is a write', async () => {
  const db = await openFile();
  await db.kysely
    .with('one', (qb) => qb.selectNoFrom((eb) => eb.val(1).as('n')))
    .insertInto('parts')
    .values({ name: 'first', kind: null })
    .execute();
  expect(await listParts(db.kysely)).toHaveLength(1);
});

/** What runs, and the least number of turns of the event loop that it takes: simultaneous pauses count once. */
const statements: [string, number, (db: Parts, count: number) => Promise<unknown>][] = [
  [
    'one after another',
    9,
    async (db, count) => {
      for (let n = 0; n < count; n += 1) await listParts(db.kysely);
    },
  ],
  ['all at once', 1, (db, count) => Promise.all(Array.from({ length: count }, () => listParts(db.kysely)))],
  [
    'that write',
    9,
    (db, count) => Promise.all(Array.from({ length: count }, (_, n) => insertPart(db.kysely, `part ${n}`))),
  ],
  [
    'in a transaction',
    9,
    (db, count) =>
      db.transaction(async (trx) => {
        for (let n = 0; n < count; n += 1) await listParts(trx);
      }),
  ],
  [
    'in snapshots',
    9,
    (db, count) => Promise.all(Array.from({ length: count }, () => db.snapshot((trx) => listParts(trx)))),
  ],
];

test.each(statements)('others have their turn between statements %s', async (_, turns, run) => {
  let asked = 0;
  const everyTenth: Turns = {
    pause: () => {
      asked += 1;
      return asked % 10 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
    },
  };
  const db = await openFile(everyTenth);
  asked = 0;
  let turnsOfLoop = 0;
  let isOver = false;
  const count = (): void => {
    turnsOfLoop += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await run(db, 100);
  isOver = true;
  expect(asked).toBeGreaterThanOrEqual(100);
  expect(turnsOfLoop).toBeGreaterThanOrEqual(turns);
});

test('closing waits for reads', async () => {
  let pausing = false;
  const later: Turns = {
    pause: () => (pausing ? new Promise((resolve) => setImmediate(resolve)) : undefined),
  };
  const db = await openFile(later);
  pausing = true;
  const read = listParts(db.kysely);
  await Promise.all([db.close(), expect(read).resolves.toEqual([])]);
});
