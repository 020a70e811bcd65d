import { join } from 'node:path';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { InstanceStore } from '@mini-nova/data/instances/store';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { manage } from '@mini-nova/services-testing/run-manage';
import { tempDir } from '@mini-nova/testing';
import { beforeEach, describe, expect, test } from 'vitest';

let database: string;

const db = (...args: string[]) => manage('--database-connection', database, 'db', ...args);

beforeEach(async () => {
  database = `sqlite:///${join(tempDir(), 'nova.sqlite')}`;
  await db('sync');
});

async function onDatabase<T>(work: (opened: Database) => Promise<T>): Promise<T> {
  const opened = await openDatabase(database);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** Deleted now, or at the given time. */
async function deleteInstances(count: number, at?: string): Promise<void> {
  await onDatabase(async (opened) => {
    const store = new InstanceStore(opened.kysely);
    for (let n = 0; n < count; n += 1) {
      const instance = newInstance();
      await store.create(instance);
      await store.destroy(instance);
      if (at === undefined) continue;
      const { kysely } = opened;
      await kysely
        .updateTable('instances')
        .set({ deleted_at: at })
        .where('uuid', '=', instance.uuid)
        .execute();
    }
  });
}

describe('db archive_deleted_rows', () => {
  test('exits 1 while there was something to archive, then 0', async () => {
    await deleteInstances(3);
    expect(await db('archive_deleted_rows', '--max_rows', '2')).toEqual({ code: 1, out: '', err: '' });
    expect(await db('archive_deleted_rows', '--max_rows', '2')).toMatchObject({ code: 1 });
    expect(await db('archive_deleted_rows', '--max_rows', '2')).toMatchObject({ code: 0 });
  });

  test('--verbose says how many rows of each table', async () => {
    await deleteInstances(2);
    const { code, out } = await db('archive_deleted_rows', '--verbose');
    expect(code).toBe(1);
    expect(out).toMatch(/\| Table +\| Number of Rows Archived \|/);
    expect(out).toMatch(/\| instances +\| 2 +\|/);
    expect(await db('archive_deleted_rows', '--verbose')).toMatchObject({
      code: 0,
      out: 'Nothing was archived.\n',
    });
  });

  test('--until-complete goes on in rounds of --max_rows', async () => {
    await deleteInstances(5);
    const { code, out } = await db(
      'archive_deleted_rows',
      '--until-complete',
      '--max_rows',
      '2',
      '--verbose',
    );
    expect(code).toBe(1);
    expect(out).toMatch(/^Archiving\.\.\.\.\.\.complete\n/);
    expect(out).toMatch(/\| instances +\| 5 +\|/);
    expect((await db('archive_deleted_rows')).code).toBe(0);
  });

  test.each(['2026-01-31', '2026-01-31 12:00:00', 'Sat Jan 31 12:00:00 UTC 2026', '2026-01-31T12:00:00Z'])(
    '--before %j leaves what was deleted later',
    async (before) => {
      await deleteInstances(1, '2026-01-30T23:59:59.000Z');
      await deleteInstances(1, '2026-01-31T12:00:01.000Z');
      expect((await db('archive_deleted_rows', '--before', before)).code).toBe(1);
      const left = await onDatabase((opened) =>
        opened.kysely.selectFrom('instances').select('deleted_at').execute(),
      );
      expect(left).toEqual([{ deleted_at: '2026-01-31T12:00:01.000Z' }]);
    },
  );

  test('--purge leaves nothing to purge', async () => {
    await deleteInstances(1);
    const { code, out } = await db('archive_deleted_rows', '--purge', '--verbose');
    expect(code).toBe(1);
    expect(out).toContain('Rows were archived, running purge...\n');
    expect(out).toContain('DB: Deleted 1 rows from shadow_instances based on timestamp column (n/a)\n');
    expect((await db('purge', '--all')).code).toBe(3);
  });

  test.each([
    ['--max_rows', '-1', 2, /positive value for max_rows/],
    ['--max_rows', 'many', 2, /positive value for max_rows/],
    ['--max_rows', '2147483648', 2, /max rows must be <= 2147483647/],
    ['--before', 'yesterday', 4, /Invalid value for --before: yesterday/],
    ['--before', 'yesterday 2026', 4, /Invalid value for --before: yesterday 2026/],
    ['--before', '2026-02-30', 4, /Invalid value for --before: 2026-02-30/],
    ['--sleep', 'x', 2, /whole number of seconds from 0 to 3600/],
    ['--sleep', '2147484', 2, /whole number of seconds from 0 to 3600/],
  ])('with %s %s exits with its code', async (option, value, code, message) => {
    const result = await db('archive_deleted_rows', `${option}=${value}`);
    expect(result.code).toBe(code);
    expect(result.err).toMatch(message);
  });

  test('without a database exits 3, which is not the code for more to do', async () => {
    database = 'postgresql://127.0.0.1:1/nova';
    expect(await db('archive_deleted_rows', '--until-complete')).toMatchObject({ code: 3, out: '' });
    expect(await db('purge', '--all')).toMatchObject({ code: 4, out: '' });
  });
});

describe('db purge', () => {
  test('deletes what was archived, all or what was deleted before, and says so by its code', async () => {
    await deleteInstances(1, '2026-01-01T00:00:00.000Z');
    await deleteInstances(1, '2026-02-01T00:00:00.000Z');
    await db('archive_deleted_rows');

    expect(await db('purge', '--before', '2026-01-15', '--verbose')).toEqual({
      code: 0,
      out: 'DB: Deleted 1 rows from shadow_instances based on timestamp column deleted_at\n',
      err: '',
    });
    expect(await db('purge', '--before', '2026-01-15')).toMatchObject({ code: 3 });
    expect(await db('purge', '--all')).toMatchObject({ code: 0, out: '' });
  });

  test('needs --before or --all, and a date that is one', async () => {
    expect(await db('purge')).toMatchObject({ code: 1, err: 'Either --before or --all is required\n' });
    expect(await db('purge', '--before', 'junk')).toMatchObject({ code: 2 });
  });
});
