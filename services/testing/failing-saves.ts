import type { Database } from '@mini-nova/data/database';
import { sql } from 'kysely';

/**
 * Makes the database refuse changes of instances for which `when` (SQL over `new` and `old`) is true.
 *
 * @returns a function that makes the database accept them again
 */
export async function failSaves(db: Database, when: string): Promise<() => Promise<void>> {
  const run = (statement: string) => sql.raw(statement).execute(db.kysely);
  if (db.dialect === 'sqlite') {
    await run(`create trigger failing_saves before update on instances when ${when}
      begin select raise(abort, 'the database failed as the test asked'); end`);
    return async () => void (await run('drop trigger failing_saves'));
  }
  await run(`create function failing_saves() returns trigger language plpgsql as
    $$ begin raise exception 'the database failed as the test asked'; end $$`);
  await run(`create trigger failing_saves before update on instances for each row when (${when})
    execute function failing_saves()`);
  return async () => void (await run('drop function failing_saves cascade'));
}
