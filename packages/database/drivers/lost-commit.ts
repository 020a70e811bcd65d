import { setTimeout as sleep } from 'node:timers/promises';
import { Countdown } from '../countdown.ts';
import { DatabaseUnavailable } from '../errors.ts';
import { patienceLeft } from '../patience.ts';
import { explained } from './outages.ts';
import type { PostgresPool } from './postgres-pool.ts';
import type { PostgresSession } from './postgres-session.ts';

/** A transaction whose commit was sent, and not answered. */
export interface LostCommit {
  /** The server's number of it. */
  id: string;
  session: PostgresSession;
  /** How the answer was lost. */
  error: DatabaseUnavailable;
}

/** Milliseconds for which it is asked for: a server that restarts under load takes its time. */
const PATIENCE = 60_000;
const PAUSE = 250;

/**
 * Resolves when the transaction was committed.
 *
 * The server keeps the outcome of each transaction by its number. After a crash it may give a number again whose
 * transaction had not reached the disk, so a committed one is believed only of a server that has not crashed meanwhile.
 *
 * @throws DatabaseUnavailable: with the outcome `undone` when it was rolled back, `unknown` when that cannot be found out
 */
export async function lostCommit(pool: PostgresPool, { id, session, error }: LostCommit): Promise<void> {
  const limit = new Countdown(Math.min(PATIENCE, patienceLeft()));
  try {
    for (;;) {
      const outcome = await ask(pool, id, session);
      if (outcome === 'committed') return;
      if (outcome === 'aborted') {
        throw new DatabaseUnavailable(error.reason, { outcome: 'undone', cause: error.cause ?? error });
      }
      if (outcome === 'unknown' || limit.isOver) throw error;
      await sleep(PAUSE);
    }
  } finally {
    limit.stop();
  }
}

type CommitOutcome = 'committed' | 'aborted' | 'unknown' | 'later';

async function ask(pool: PostgresPool, id: string, lost: PostgresSession): Promise<CommitOutcome> {
  try {
    const session = await pool.acquire();
    try {
      const { rows } = await session.query('select txid_status($1::bigint) as status', [id]);
      const status: unknown = rows[0]?.status;
      if (status === 'committed') return session.incarnation === lost.incarnation ? 'committed' : 'unknown';
      if (status === 'aborted') return 'aborted';
      if (status !== 'in progress') return 'unknown';
      // It waits for us, or for someone who will not answer either.
      if (lost.processId !== undefined)
        await session.query('select pg_terminate_backend($1)', [lost.processId]);
      return 'later';
    } finally {
      pool.release(session);
    }
  } catch (thrown) {
    const error = explained(thrown);
    if (error instanceof DatabaseUnavailable) return 'later';
    // A number that was not given yet: a crash took the transaction with it.
    return error instanceof Error && /is in the future/.test(error.message) ? 'aborted' : 'unknown';
  }
}
