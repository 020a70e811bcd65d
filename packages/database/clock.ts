import { sql } from 'kysely';
import type { Database, Queryable } from './database.ts';
import { idempotent } from './idempotent.ts';
import type { Outage } from './repeats.ts';
import type { Timestamp } from './timestamp.ts';

/** Milliseconds in which an answer is exact enough; otherwise the clock is asked again, up to so many times. */
const PROMPT = 20;
const QUESTIONS = 3;
/** Milliseconds by which a clock may be moved in one go without counting as set. */
const SLEWED = 1_000;

/** What the database's clock showed. */
interface Reading {
  /** Milliseconds since the epoch. */
  time: number;
  /** When that was, by performance.now(). */
  at: number;
  /** Milliseconds by which this machine's clock was ahead of it; 0 when no difference can be told. */
  ahead: number;
}

/**
 * The database's clock, by which all daemons of one database measure the ages of its records, whatever their own
 * clocks show. It is read now and then (`measure`) and continued by this process's monotonic clock in between. Until
 * it is read it is the machine's. SQLite has only the machine's clock, which all processes that share the file have.
 */
export class DatabaseClock {
  readonly #ask: (() => Promise<number>) | undefined;
  readonly #lastOutage: () => Outage | undefined;
  #reading: Reading | undefined;
  #measuring: Promise<void> | undefined;
  /** When (by performance.now()) it was last seen to have been set. */
  #setAt = Number.NEGATIVE_INFINITY;

  /** `ask` resolves with what the clock shows, in ms since the epoch; absent: it is the machine's. */
  constructor(ask?: () => Promise<number>, lastOutage: () => Outage | undefined = () => undefined) {
    this.#ask = ask;
    this.#lastOutage = lastOutage;
  }

  now(): Date {
    const reading = this.#reading;
    if (this.#ask === undefined || reading === undefined) return new Date();
    return new Date(reading.time + performance.now() - reading.at);
  }

  /** Seconds by which this machine's clock is ahead of the database's, negative when behind; null before `measure`. */
  get ahead(): number | null {
    return this.#reading === undefined ? null : this.#reading.ahead / 1000;
  }

  /** Whether the database's clock, as far as it was read, was not set in the last `seconds`, so that ages are true. */
  isSteady(seconds: number): boolean {
    return performance.now() - this.#setAt > seconds * 1000;
  }

  /**
   * Seconds that do not count against those who must write something every so many `seconds`: the time since the
   * beginning of a database outage that has not been over for longer than that.
   */
  pardon(seconds: number): number {
    const outage = this.#lastOutage();
    const now = performance.now();
    if (outage === undefined || now - outage.until > seconds * 1000) return 0;
    return (now - outage.since) / 1000;
  }

  /** Reads the database's clock. Simultaneous callers share an answer. */
  async measure(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    await this.#measuring;
  }

  async #measure(): Promise<void> {
    const reading = await this.#read();
    const last = this.#reading;
    if (last !== undefined && Math.abs(reading.time - last.time - (reading.at - last.at)) > SLEWED) {
      this.#setAt = performance.now();
    }
    this.#reading = reading;
  }

  /** The answer that came fastest is the most exact. */
  async #read(): Promise<Reading> {
    let best: { reading: Reading; took: number } | undefined;
    for (let question = 1; question <= QUESTIONS; question++) {
      const asked = performance.now();
      const time = this.#ask === undefined ? Date.now() : await this.#ask();
      const took = performance.now() - asked;
      if (best === undefined || took < best.took) best = { reading: readingOf(time, asked, took), took };
      if (best.took <= PROMPT) break;
    }
    if (best === undefined) throw new TypeError('The clock was not asked');
    return best.reading;
  }
}

/** The answer was given at some time during the wait: about in the middle. */
function readingOf(time: number, asked: number, took: number): Reading {
  const at = asked + took / 2;
  const machine = Date.now() - (performance.now() - at);
  // As exact as a wall clock can be read, in whole milliseconds.
  if (Math.abs(machine - time) <= took / 2 + 1) return { time: machine, at, ahead: 0 };
  return { time, at, ahead: machine - time };
}

/** Asks PostgreSQL. */
export async function askPostgres<S>(db: Queryable<S>): Promise<number> {
  const query = sql<{ now: number }>`select extract(epoch from clock_timestamp()) * 1000 as now`;
  const { rows } = await query.execute(idempotent(db));
  return Number(rows[0]?.now);
}

const clocks = new WeakMap<object, DatabaseClock>();

/** Gives a handle its clock; for those who make handles. */
export function setClock(handle: object, clock: DatabaseClock): void {
  clocks.set(handle, clock);
}

/** The clock of the database that the handle works on. */
export function clockOf<S>(db: Database<S> | Queryable<S>): DatabaseClock {
  const clock = clocks.get('kysely' in db ? db.kysely : db);
  if (clock === undefined) throw new TypeError('Not a handle of an open database');
  return clock;
}

/** Now, by the database's clock. */
export function databaseNow<S>(db: Database<S> | Queryable<S>): Date {
  return clockOf(db).now();
}

/** Now, by the database's clock, in the form in which times are stored. */
export function databaseTimestamp<S>(db: Database<S> | Queryable<S>): Timestamp {
  return databaseNow(db).toISOString();
}

/**
 * Whether a time was at most so many seconds ago. Both times are of the database's clock: after that was set back, a time
 * in the future is no better than one as far past.
 */
export function isWithin(seconds: number, time: Date, now: Date): boolean {
  return Math.abs(now.getTime() - time.getTime()) <= seconds * 1000;
}
