import { setTimeout as sleep } from 'node:timers/promises';
import { Countdown } from '../countdown.ts';
import { DatabaseUnavailable } from '../errors.ts';
import { patienceLeft } from '../patience.ts';
import { explained } from './outages.ts';
import type { PostgresPool } from './postgres-pool.ts';
import type { PostgresSession } from './postgres-session.ts';

/** A transaction whose commit was sent but not answered. */
export interface LostCommit {
  /** The server's transaction number. */
  id: string;
  session: PostgresSession;
  /** The error by which the answer was lost. */
  error: DatabaseUnavailable;
}

/** Milliseconds for which the outcome is sought: a server that restarts under load takes its time. */
const PATIENCE = 60_000;
const PAUSE = 250;

/**
 * Resolves when the transaction was committed.
 *
 * The server keeps the outcome of each transaction by number. After a crash it may reuse the number of a transaction
 * that had not reached the disk, so "committed" is believed only of a server that has not crashed meanwhile.
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
      // The process waits for us, or for someone who will not answer either.
      if (lost.processId !== undefined)
        await session.query('select pg_terminate_backend($1)', [lost.processId]);
      return 'later';
    } finally {
      pool.release(session);
    }
  } catch (thrown) {
    const error = explained(thrown);
    if (error instanceof DatabaseUnavailable) return 'later';
    // The number has not been assigned yet: a crash took the transaction with it.
    return error instanceof Error && /is in the future/.test(error.message) ? 'aborted' : 'unknown';
  }
}
