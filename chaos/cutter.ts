import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable } from '@mini-nova/data/database';
import type { TcpProxy } from '@mini-nova/testing';
import { type RawBuilder, sql } from 'kysely';
import type { Disturber } from './disturber.ts';
import type { Random } from './random.ts';
import { Tally } from './tally.ts';

/** Seconds between two cuts. */
const PAUSE = [0.2, 1.5] as const;
/** Seconds for which a transaction, or a commit, is waited for. */
const PATIENCE = 5;

const WAYS = ['ended', 'ended in a transaction', 'broken off', 'broken off at a commit', 'silent'] as const;

interface CutterOptions {
  db: Database;
  /** The routes to PostgreSQL, by the application name of the daemon that uses them. */
  links: ReadonlyMap<string, TcpProxy>;
  random: Random;
}

/**
 * Cuts connections to PostgreSQL, of one of its clients or of all. Either the server ends them, at any moment or as
 * soon as one is in the middle of a transaction; or the route breaks, at any moment or when a commit has arrived but
 * its answer has not; or nothing gets through any more, without notice.
 */
export class Cutter implements Disturber {
  readonly tally = new Tally();
  /** Connections that were cut. */
  connections = 0;
  readonly #db: Queryable;
  readonly #links: ReadonlyMap<string, TcpProxy>;
  readonly #random: Random;

  constructor({ db, links, random }: CutterOptions) {
    this.#db = db.kysely;
    this.#links = links;
    this.#random = random;
  }

  async run(enough: () => boolean, onHarm: (target: string) => void): Promise<void> {
    while (!enough()) {
      const target = this.#random.pick([...this.#links.keys(), 'all']) ?? 'all';
      const way = this.#random.pick(WAYS) ?? 'ended';
      await sleep(this.#random.between(...PAUSE) * 1000);
      const cut = await this.#cut(target === 'all' ? [...this.#links.keys()] : [target], way);
      if (cut === 0) continue;
      this.connections += cut;
      this.tally.add(way);
      onHarm(`the connections of ${target}: ${way}`);
    }
  }

  /** How many there were. */
  async #cut(clients: readonly string[], way: (typeof WAYS)[number]): Promise<number> {
    const links = [...this.#links].filter(([name]) => clients.includes(name)).map(([, link]) => link);
    if (way === 'ended') return this.#end(clients);
    if (way === 'ended in a transaction') return this.#endInTransaction(clients);
    if (way === 'silent') return links.reduce((sum, link) => sum + link.silencePresent(), 0);
    if (way === 'broken off') return links.reduce((sum, link) => sum + link.breakPresent(), 0);
    return breakAtCommit(links);
  }

  async #endInTransaction(clients: readonly string[]): Promise<number> {
    const deadline = performance.now() + PATIENCE * 1000;
    let cut = 0;
    while (cut === 0 && performance.now() < deadline) cut = await this.#end(clients, IN_TRANSACTION);
    return cut;
  }

  async #end(clients: readonly string[], which: RawBuilder<unknown> = sql``): Promise<number> {
    const end = sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name in (${sql.join([...clients])}) ${which}`;
    return (await end.execute(this.#db)).rows.length;
  }
}

const IN_TRANSACTION = sql`and xact_start is not null and state <> 'idle'`;

/** The next connection that commits. */
async function breakAtCommit(links: readonly TcpProxy[]): Promise<number> {
  const broken = links.map((link) => link.breakAfter('commit').then(() => 1));
  const cut = await Promise.race([...broken, sleep(PATIENCE * 1000, 0)]);
  for (const link of links) link.breakNoMore();
  return cut;
}
