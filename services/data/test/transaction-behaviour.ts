import { isUniqueViolation, NestedTransaction } from '@mini-nova/database';
import { describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { findService, insertService } from '../services/store.ts';
import { newService } from './rows.ts';

export function describeTransactions(db: () => Database): void {
  describe('a transaction', () => {
    it('keeps nothing of work that throws, and passes the error on', async () => {
      const failure = new Error('no');
      const work = db().transaction(async (trx) => {
        await insertService(trx, newService());
        throw failure;
      });

      await expect(work).rejects.toBe(failure);
      expect(await findService(db().kysely, 'host1', 'nova-compute')).toBeUndefined();
    });

    it('works after another has failed', async () => {
      await insertService(db().kysely, newService());
      const duplicate = db().transaction((trx) => insertService(trx, newService()));
      await expect(duplicate).rejects.toSatisfy(isUniqueViolation);

      await db().transaction((trx) => insertService(trx, newService({ host: 'host2' })));
      expect(await findService(db().kysely, 'host2', 'nova-compute')).toBeDefined();
    });

    it('refuses a nested one, and goes on', async () => {
      await db().transaction(async (trx) => {
        await expect(db().transaction(async () => {})).rejects.toThrow(NestedTransaction);
        await expect(db().snapshot(async () => {})).rejects.toThrow(NestedTransaction);
        await insertService(trx, newService());
      });
      expect(await findService(db().kysely, 'host1', 'nova-compute')).toBeDefined();
    });

    it('leaves work that outlives it free to use the database', async () => {
      let later = Promise.resolve<unknown>(undefined);
      let end = () => {};
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      await db().transaction(async () => {
        later = ended.then(() => db().transaction((trx) => insertService(trx, newService())));
      });
      end();

      await expect(later).resolves.toMatchObject({ host: 'host1' });
    });

    it.each(['40001', '40P01', 'SQLITE_BUSY_SNAPSHOT'])('runs again after %s', async (code) => {
      let runs = 0;
      const result = await db().transaction(async (trx) => {
        await insertService(trx, newService());
        if (++runs < 3) throw Object.assign(new Error('try again'), { code });
        return 'done';
      });

      expect({ result, runs }).toEqual({ result: 'done', runs: 3 });
    });

    it('is refused after close, which may be called twice', async () => {
      await db().close();
      await db().close();
      await expect(db().transaction(async () => {})).rejects.toThrow();
    });
  });
}
