import { findService, insertService, migrate, openDatabase } from '@mini-nova/database';
import { getPostgresUrl } from '@mini-nova/testing';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { describeDatabase } from '../../packages/database/test/database-behaviour.ts';
import { newService } from '../../packages/database/test/rows.ts';

describeDatabase('PostgreSQL', { create: getPostgresUrl, shared: true });

describe('a PostgreSQL pool', () => {
  it('survives that the server ends its connections, idle or in use', async () => {
    const url = await getPostgresUrl();
    const [db, admin] = await Promise.all([openDatabase(url), openDatabase(url)]);
    await migrate(db);
    const endOthers = sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;

    await endOthers.execute(admin.kysely);
    await expect.poll(() => insertService(db.kysely, newService()).catch(() => null)).not.toBeNull();

    const inUse = db.transaction(async (trx) => {
      await insertService(trx, newService({ host: 'host2' }));
      await endOthers.execute(admin.kysely);
      await insertService(trx, newService({ host: 'host3' }));
    });
    await expect(inUse).rejects.toThrow();
    expect(await findService(db.kysely, 'host2', 'nova-compute')).toBeUndefined();

    await Promise.all([db.close(), admin.close()]);
  });
});
