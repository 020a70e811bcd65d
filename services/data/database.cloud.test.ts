import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseUrlError, NestedTransaction, withPatience } from '@mini-nova/database';
import { tempDir } from '@mini-nova/testing';
import { describe, expect, it } from 'vitest';
import { SQLite } from '../../packages/database/drivers/sqlite.ts';
import { type Database, openDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { findService, insertService } from './services/store.ts';
import { describeDatabase } from './test/database-behaviour.ts';
import { newService } from './test/rows.ts';

describeDatabase('SQLite in memory', { create: async () => 'sqlite://', shared: false });

describeDatabase('SQLite in a file', {
  create: async () => `sqlite:///${join(tempDir(), 'nova.sqlite')}`,
  shared: true,
});

describe('an SQLite file', () => {
  it('is waited for while another process writes, without blocking the event loop', async () => {
    const file = join(tempDir(), 'nova.sqlite');
    const db = await openDatabase(`sqlite:///${file}`);
    await migrate(db);
    const other = new SQLite(file);
    other.exec('begin immediate');

    const writes = Promise.all([
      insertService(db.kysely, newService()),
      db.transaction((trx) => insertService(trx, newService({ host: 'host2' }))),
    ]);
    // Runs before the lock is free only if the event loop is not blocked.
    setTimeout(() => other.exec('commit'), 50);
    await writes;

    expect(await findService(db.kysely, 'host2', 'nova-compute')).toBeDefined();
    other.close();
    await db.close();
  });

  it('is waited for when it is opened, without blocking the event loop', async () => {
    const file = join(tempDir(), 'nova.sqlite');
    const other = new SQLite(file);
    other.exec('create table t (x); begin exclusive; insert into t values (1)');
    let ticks = 0;
    const ticking = setInterval(() => {
      // Runs before the lock is free only if the event loop is not blocked.
      if (++ticks === 5) other.exec('commit');
    }, 10);

    const db = await openDatabase(`sqlite:///${file}`);

    clearInterval(ticking);
    expect(ticks).toBeGreaterThanOrEqual(5);
    await migrate(db);
    other.close();
    await db.close();
  });

  it('counts as away when its lock is held for long, also for those in the queue', async () => {
    const file = join(tempDir(), 'nova.sqlite');
    const db = await openDatabase(`sqlite:///${file}`);
    await migrate(db);
    const other = new SQLite(file);
    other.exec('begin immediate');

    const writes = Array.from({ length: 3 }, (_, n) =>
      withPatience(1, () => insertService(db.kysely, newService({ host: `host${n}` }))),
    );
    writes.push(withPatience(1, () => db.transaction((trx) => insertService(trx, newService()))));
    for (const outcome of await Promise.allSettled(writes)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'DATABASE_UNAVAILABLE', outcome: 'undone' },
      });
    }

    other.exec('commit');
    await insertService(db.kysely, newService());
    other.close();
    await db.close();
  });

  it('fails a query that bypasses the handle of a running transaction, instead of waiting for ever', async () => {
    const db = await openDatabase('sqlite://');
    await migrate(db);
    const wrong = db.transaction(() => findService(db.kysely, 'host1', 'nova-compute'));
    await expect(wrong).rejects.toThrow(NestedTransaction);
    await db.close();
  });

  it('is created together with its folders', async () => {
    const file = join(tempDir(), 'local', 'state', 'nova.sqlite');
    const db = await openDatabase(`sqlite:///${file}`);
    expect(existsSync(file)).toBe(true);
    await db.close();
  });

  it('is closed at the end of the block that declares it', async () => {
    let db: Database;
    {
      await using declared = await openDatabase(`sqlite:///${join(tempDir(), 'nova.sqlite')}`);
      db = declared;
      await migrate(db);
    }
    await expect(findService(db.kysely, 'host1', 'nova-compute')).rejects.toThrow(/destroyed/);
  });

  it('is not created when a missing slash makes its path relative', async () => {
    const relative = openDatabase(`sqlite://${join(tempDir(), 'nova.sqlite')}`);
    await expect(relative).rejects.toThrow(DatabaseUrlError);
  });

  it('is refused when it is not a database', async () => {
    await expect(openDatabase(`sqlite:///${import.meta.filename}`)).rejects.toThrow(DatabaseUrlError);
    await expect(openDatabase(`sqlite:///${tempDir()}`)).rejects.toThrow(DatabaseUrlError);
  });
});
