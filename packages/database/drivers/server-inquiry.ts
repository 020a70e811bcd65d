import type pg from 'pg';
import { Countdown } from '../countdown.ts';
import { connectPostgres } from './postgres-connect.ts';
import type { Activity, Inquiry } from './postgres-session.ts';
import type { PostgresTarget } from './postgres-target.ts';

const END_TRIES = 5;

/** Asks the server about its processes, each time over a new connection: those of the pool may be dead too. */
export class ServerInquiry implements Inquiry {
  readonly #target: PostgresTarget;
  readonly #timeout: number;

  /** `timeout`: milliseconds for connecting, and for the answer. */
  constructor(target: PostgresTarget, timeout: number) {
    this.#target = target;
    this.#timeout = timeout;
  }

  async activity(processId: number): Promise<Activity> {
    const rows = await this.#ask<{ state: string; since: string }>(activityQuery, [processId]);
    const [row] = rows ?? [];
    if (row) return { state: row.state.startsWith('idle') ? 'idle' : 'working', since: row.since };
    return rows && { state: 'gone', since: '' };
  }

  /** A slow server is told again, because the process may hold locks until it has ended. */
  async end(processId: number, since: string): Promise<void> {
    for (let tries = END_TRIES; tries > 0; tries -= 1) {
      if (await this.#ask(endQuery, [processId, since])) return;
    }
  }

  /** Undefined when there is no answer. */
  async #ask<R extends pg.QueryResultRow>(query: string, values: unknown[]): Promise<R[] | undefined> {
    try {
      const settings = { connectTimeout: this.#timeout, statementTimeout: this.#timeout };
      const { client, socket } = await connectPostgres(this.#target, settings);
      const impatience = new Countdown(this.#timeout, () => socket.destroy());
      try {
        return (await client.query<R>(query, values)).rows;
      } finally {
        impatience.stop();
        socket.destroy();
      }
    } catch {
      // Whatever the error, nothing is known.
      return undefined;
    }
  }
}

/** A state that we may not see, or that is not tracked, says nothing. */
const activityQuery = `select coalesce(state, 'unknown') as state, coalesce(state_change::text, '') as since
  from pg_stat_activity where pid = $1`;

const endQuery = `select pg_terminate_backend(pid)
  from pg_stat_activity where pid = $1 and state like 'idle%' and state_change::text = $2`;
