import { Countdown } from '../countdown.ts';
import { DatabaseUnavailable } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { boundedByPatience, patienceLeft } from '../patience.ts';
import { codeOf } from './driver-errors.ts';
import { undone } from './outages.ts';
import { connectPostgres } from './postgres-connect.ts';
import { PostgresSession } from './postgres-session.ts';
import type { PostgresTarget } from './postgres-target.ts';
import { ServerInquiry } from './server-inquiry.ts';

/** Times are in milliseconds. */
export interface PoolOptions {
  target: PostgresTarget;
  /** Connections that are kept for a while when nobody uses them. */
  size: number;
  /** Further connections, while they are in use. */
  overflow: number;
  /** How long a caller waits for a free connection. */
  waitTimeout: number;
  connectTimeout: number;
  /** How long a statement may take; 0: any time. */
  statementTimeout: number;
  /** Age at which a connection is replaced; Infinity: never. */
  recycleAge: number;
  logger: Logger;
}

interface Waiter {
  resolve(session: PostgresSession): void;
  reject(error: unknown): void;
}

/** An idle connection is given back to the server after this time: others may be short of them. */
const IDLE = 10_000;
/** How long the pool asks for no more connections after the server has refused one. */
const SHORTAGE = 5000;
/** After so long without an answer, the server is asked whether it is still working on one. */
const SILENCE = 2000;
/** How much longer than the server allows a statement may take before its connection counts as dead. */
const GRACE = 5000;

/**
 * Connections to one PostgreSQL, opened as needed. A connection that breaks is replaced, and so are, when they are
 * next used, all that were opened before it broke: whatever cut the one has likely cut the others too.
 */
export class PostgresPool {
  readonly #options: PoolOptions;
  readonly #waiters: Waiter[] = [];
  readonly #idle: PostgresSession[] = [];
  readonly #open = new Set<PostgresSession>();
  readonly #inquiry: ServerInquiry;
  readonly #reaper: NodeJS.Timeout;
  #opening = 0;
  /** By performance.now(): older connections are not used again. */
  #distrusted = 0;
  /** By performance.now(): when a connection last became free. */
  #handedAt = performance.now();
  /** How many connections the server gave before it refused more, and until when that counts. */
  #shortage = { limit: Number.POSITIVE_INFINITY, until: 0 };
  #closing: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#inquiry = new ServerInquiry(options.target, SILENCE);
    this.#reaper = setInterval(() => this.#reap(), IDLE / 2);
    this.#reaper.unref();
  }

  /** @throws DatabaseUnavailable, DatabaseRefused */
  async acquire(): Promise<PostgresSession> {
    if (this.#closing) throw new Error('The database was closed');
    for (let session = this.#idle.pop(); session; session = this.#idle.pop()) {
      if (this.#isUsable(session)) return session;
      this.#drop(session);
    }
    return this.#wait();
  }

  release(session: PostgresSession): void {
    if (this.#closing || !this.#isUsable(session)) {
      this.#drop(session);
      this.#grow();
      return;
    }
    this.#hand(session);
  }

  /** Waits for what runs. */
  async close(): Promise<void> {
    clearInterval(this.#reaper);
    const closed = new Promise<void>((resolve) => {
      this.#closing = resolve;
    });
    for (const { reject } of this.#waiters.splice(0)) reject(new Error('The database was closed'));
    await Promise.all(this.#idle.splice(0).map((session) => this.#leave(session)));
    this.#closeIfEmpty();
    await closed;
  }

  #hand(session: PostgresSession): void {
    this.#handedAt = performance.now();
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(session);
    else if (this.#idle.length < this.#options.size) this.#idle.push(session);
    else this.#drop(session);
  }

  /** A caller in a hurry goes on waiting as long as others get connections. */
  #wait(): Promise<PostgresSession> {
    return new Promise((resolve, reject) => {
      const { waitTimeout } = this.#options;
      const start = performance.now();
      const fail = (milliseconds: number): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        waiter.reject(new DatabaseUnavailable(`no connection became free within ${milliseconds / 1000} s`));
      };
      const look = (): void => {
        const isMoving = performance.now() - this.#handedAt < SILENCE;
        if (isMoving || patienceLeft() > 0) hurry = new Countdown(SILENCE, look);
        else fail(Math.round(performance.now() - start));
      };
      const limit = new Countdown(waitTimeout, () => fail(waitTimeout));
      let hurry = new Countdown(boundedByPatience(waitTimeout), look);
      const stop = (): void => {
        limit.stop();
        hurry.stop();
      };
      const waiter: Waiter = {
        resolve: (session) => {
          stop();
          resolve(session);
        },
        reject: (error) => {
          stop();
          reject(error);
        },
      };
      this.#waiters.push(waiter);
      this.#grow();
    });
  }

  /** Opens connections for those who wait, as far as the limits allow. */
  #grow(): void {
    const { size, overflow } = this.#options;
    const shortage =
      performance.now() < this.#shortage.until ? this.#shortage.limit : Number.POSITIVE_INFINITY;
    const limit = Math.min(size + overflow, shortage);
    while (this.#opening < this.#waiters.length && this.#open.size + this.#opening < limit)
      void this.#openOne();
  }

  async #openOne(): Promise<void> {
    this.#opening += 1;
    try {
      const session = await this.#connect();
      this.#opening -= 1;
      if (this.#closing) this.#drop(session);
      else this.#hand(session);
    } catch (error) {
      this.#opening -= 1;
      this.#failed(error);
    }
    this.#closeIfEmpty();
  }

  async #connect(): Promise<PostgresSession> {
    const { target, connectTimeout, statementTimeout } = this.#options;
    const connected = await connectPostgres(target, { connectTimeout, statementTimeout });
    const session = new PostgresSession(connected, {
      silence: SILENCE,
      patience: statementTimeout === 0 ? Number.POSITIVE_INFINITY : statementTimeout + GRACE,
      inquiry: this.#inquiry,
    });
    this.#open.add(session);
    try {
      const { rows } = await session.query(whoQuery);
      session.incarnation = rows[0]?.incarnation;
      session.isPooled = rows[0]?.process_id !== session.toldProcessId;
    } catch (error) {
      session.destroy();
      this.#open.delete(session);
      // The request that waits for this connection was not sent.
      throw undone(error);
    }
    session.onBreak((error) => this.#lost(session, error));
    return session;
  }

  /** The server may refuse a further connection while we have some: those who wait can then use these in turn. */
  #failed(error: unknown): void {
    const isShortage = error instanceof DatabaseUnavailable && codeOf(error.cause) === '53300';
    if (isShortage && this.#open.size > 0) {
      this.#shortage = { limit: this.#open.size, until: performance.now() + SHORTAGE };
      return;
    }
    const failed = this.#open.size > 0 ? this.#waiters.splice(0, 1) : this.#waiters.splice(0);
    for (const { reject } of failed) reject(error);
    this.#grow();
  }

  #lost(session: PostgresSession, error: Error): void {
    this.#distrusted = performance.now();
    this.#options.logger.info({ reason: error.message }, 'A database connection broke');
    const place = this.#idle.indexOf(session);
    if (place < 0) return;
    this.#idle.splice(place, 1);
    this.#drop(session);
    this.#grow();
  }

  #isUsable(session: PostgresSession): boolean {
    if (session.isBroken || session.openedAt < this.#distrusted) return false;
    return performance.now() - session.openedAt < this.#options.recycleAge;
  }

  #drop(session: PostgresSession): void {
    if (session.isBroken) {
      session.destroy();
      this.#forget(session);
    } else void this.#leave(session);
  }

  async #leave(session: PostgresSession): Promise<void> {
    this.#forget(session);
    await session.end();
  }

  #forget(session: PostgresSession): void {
    this.#open.delete(session);
    this.#closeIfEmpty();
  }

  #closeIfEmpty(): void {
    if (this.#open.size === 0 && this.#opening === 0) this.#closing?.();
  }

  #reap(): void {
    const old = performance.now() - IDLE;
    for (const session of this.#idle.filter(({ usedAt }) => usedAt < old)) {
      this.#idle.splice(this.#idle.indexOf(session), 1);
      this.#drop(session);
    }
  }
}

/** A crash resets the statistics; an orderly restart keeps them. */
const whoQuery = `select stats_reset::text as incarnation, pg_backend_pid() as process_id
  from pg_stat_bgwriter`;
