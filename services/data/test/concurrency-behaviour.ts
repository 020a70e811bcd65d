import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../database.ts';
import { migrate, schemaVersion } from '../migrate.ts';
import { ensureNetwork } from '../networks/queries.ts';
import { allocatePort } from '../ports/queries.ts';
import { findService, insertService } from '../services/store.ts';
import { newService } from './rows.ts';

/** What several processes on one database rely on. Here each "process" has connections of its own. */
export function describeConcurrency(connection: () => string): void {
  describe('shared by several', () => {
    let databases: Database[];

    beforeEach(async () => {
      databases = await Promise.all(Array.from({ length: 4 }, () => openDatabase(connection())));
    });
    afterEach(() => Promise.all(databases.map((db) => db.close())));

    /** Starts `count` runs of `work` at once, spread over the databases. */
    function atOnce<T>(count: number, work: (db: Database, n: number) => Promise<T>): Promise<T[]> {
      return Promise.all(
        Array.from({ length: count }, (_, n) => work(databases[n % databases.length] as Database, n)),
      );
    }

    it('is migrated once, however many try', async () => {
      const applied = await atOnce(4, migrate);

      const { latest, current } = await atOnce(1, schemaVersion).then(
        ([version]) => version ?? { latest: 0, current: -1 },
      );
      expect(current).toBe(latest);
      expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 0, latest]);
    });

    it('loses no change of concurrent transactions', async () => {
      await atOnce(1, migrate);
      await atOnce(1, (db) => insertService(db.kysely, newService()));

      await atOnce(40, (db) =>
        db.transaction((trx) =>
          trx
            .updateTable('services')
            .set((eb) => ({ report_count: eb('report_count', '+', 1) }))
            .execute(),
        ),
      );

      const [service] = await atOnce(1, (db) => findService(db.kysely, 'host1', 'nova-compute'));
      expect(service?.report_count).toBe(40);
    });

    it('lets single statements wait for a transaction without blocking it', async () => {
      await atOnce(1, migrate);

      await atOnce(20, (db, n) => insertService(db.kysely, newService({ host: `host${n}` })));

      const [services] = await atOnce(1, (db) => db.kysely.selectFrom('services').select('host').execute());
      expect(services).toHaveLength(20);
    });

    it('shows one state to a snapshot, whatever is committed meanwhile', async () => {
      await atOnce(1, migrate);
      const [reader, writer] = databases as [Database, Database];

      const counts = await reader.snapshot(async (trx) => {
        const all = trx.selectFrom('services').select('host');
        const before = await all.execute();
        await insertService(writer.kysely, newService());
        return [before.length, (await all.execute()).length];
      });

      expect(counts).toEqual([0, 0]);
      expect(await findService(reader.kysely, 'host1', 'nova-compute')).toBeDefined();
    });

    it('gives no address twice', async () => {
      await atOnce(1, migrate);
      const [network] = await atOnce(1, (db) =>
        ensureNetwork(db.kysely, { label: 'private', cidr: '10.0.0.0/26' }),
      );
      const networkUuid = network?.uuid ?? '';

      const results = await Promise.allSettled(
        Array.from({ length: 70 }, (_, n) =>
          allocatePort(databases[n % 4] as Database, { networkUuid, deviceUuid: null, host: null }),
        ),
      );

      const ports = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
      // 64 without network, gateway and broadcast.
      expect(new Set(ports.map((port) => port.ip_address)).size).toBe(61);
      expect(new Set(ports.map((port) => port.mac_address)).size).toBe(61);
      const failures = results
        .filter((result) => result.status === 'rejected')
        .map(({ reason }) => reason.code);
      expect(failures).toEqual(Array.from({ length: 9 }, () => 'ADDRESSES_EXHAUSTED'));
    });
  });
}
