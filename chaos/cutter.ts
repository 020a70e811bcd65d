import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable } from '@mini-nova/database';
import { type RawBuilder, sql } from 'kysely';
import type { Disturber } from './disturber.ts';
import type { Random } from './random.ts';
import { Tally } from './tally.ts';

/** Seconds between two cuts. */
const PAUSE = [0.2, 1.5] as const;
/** Seconds for which a transaction is waited for. */
const PATIENCE = 5;

interface CutterOptions {
  db: Database;
  /** Who has connections, by the application name that they give. */
  clients: readonly string[];
  random: Random;
}

/**
 * Ends connections to PostgreSQL, in the server: those of one of its clients or of all, at any moment or as soon as one is in
 * the midst of a transaction.
 */
export class Cutter implements Disturber {
  readonly tally = new Tally();
  /** Connections that were ended. */
  connections = 0;
  /** Of them, those that were in the midst of a transaction. */
  transactions = 0;
  readonly #db: Queryable;
  readonly #clients: readonly string[];
  readonly #random: Random;

  constructor({ db, clients, random }: CutterOptions) {
    this.#db = db.kysely;
    this.#clients = clients;
    this.#random = random;
  }

  async run(enough: () => boolean, onHarm: (target: string) => void): Promise<void> {
    while (!enough()) {
      const target = this.#random.pick([...this.#clients, 'all']) ?? 'all';
      const isMidst = this.#random.next() < 0.5;
      await sleep(this.#random.between(...PAUSE) * 1000);
      const clients = target === 'all' ? this.#clients : [target];
      if (!(await (isMidst ? this.#cutInMidst(clients) : this.#cut(clients)))) continue;
      this.tally.add(target);
      onHarm(target);
    }
  }

  /** False: for a long time none was in a transaction. */
  async #cutInMidst(clients: readonly string[]): Promise<boolean> {
    const deadline = performance.now() + PATIENCE * 1000;
    while (performance.now() < deadline) {
      if (await this.#cut(clients, sql`and ${inTransaction}`)) return true;
    }
    return false;
  }

  /** False: there was nothing to be cut. */
  async #cut(clients: readonly string[], which: RawBuilder<unknown> = sql``): Promise<boolean> {
    const cut = sql<{ in_transaction: boolean }>`
      select pg_terminate_backend(pid), ${inTransaction} as in_transaction from pg_stat_activity
      where datname = current_database() and application_name in (${sql.join([...clients])}) ${which}`;
    const { rows } = await cut.execute(this.#db);
    this.connections += rows.length;
    this.transactions += rows.filter(({ in_transaction }) => in_transaction).length;
    return rows.length > 0;
  }
}

const inTransaction = sql<boolean>`(xact_start is not null and state <> 'idle')`;
