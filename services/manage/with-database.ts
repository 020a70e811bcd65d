import type { Database } from '@mini-nova/database';
import { usingDatabase } from '../cmd/compose/database.ts';

/** Works on a database that is being opened, and closes it. @throws DatabaseUnusable, and what `work` throws */
export async function withDatabase<T>(
  opening: Promise<Database>,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = await opening;
  try {
    return await usingDatabase(() => work(db));
  } finally {
    await db.close();
  }
}
