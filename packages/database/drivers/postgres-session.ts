import { once } from 'node:events';
import type { Socket } from 'node:net';
import type pg from 'pg';
import { Countdown } from '../countdown.ts';
import { DatabaseUnavailable } from '../errors.ts';
import { boundedByPatience, patienceLeft } from '../patience.ts';
import { codeOf } from './driver-errors.ts';
import { outageOf } from './outages.ts';
import type { Connected } from './postgres-connect.ts';

/** What the server does for a session, and since when; undefined: it could not be asked. */
export type Activity = { state: 'working' | 'idle' | 'gone'; since: string } | undefined;

/** Asks the server about its processes, over other connections. */
export interface Inquiry {
  activity(processId: number): Promise<Activity>;
  /** Ends the process, unless it has done something since then. */
  end(processId: number, since: string): Promise<void>;
}

export interface SessionOptions {
  /** Milliseconds without an answer after which the server is asked, over another connection, whether it works on one. */
  silence: number;
  /** Milliseconds that an answer may take; Infinity: any time. */
  patience: number;
  inquiry: Inquiry;
}

/** One connection to PostgreSQL. One that broke fails whatever is asked of it. */
export class PostgresSession {
  readonly openedAt = performance.now();
  /** When it was used last. */
  usedAt = performance.now();
  /** Differs when the server has crashed meanwhile; undefined: not asked yet. */
  incarnation: string | undefined;
  /** Whether a pooler stands between, which tells a number of its own for the server's process. */
  isPooled = false;
  readonly #client: pg.Client;
  readonly #socket: Socket;
  readonly #options: SessionOptions;
  #broken = false;
  #onBreak: (error: Error) => void = () => {};

  constructor({ client, socket }: Connected, options: SessionOptions) {
    this.#client = client;
    this.#socket = socket;
    this.#options = options;
    client.on('error', (error) => this.#break(error));
    client.on('end', () => this.#break(new Error('Connection terminated')));
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  /** The server's process; undefined: nobody can ask for it. */
  get processId(): number | undefined {
    return this.isPooled ? undefined : this.toldProcessId;
  }

  /** The process that the other end says to be. */
  get toldProcessId(): number {
    return Number((this.#client as pg.Client & { processID?: number | null }).processID ?? 0);
  }

  /** Called once, when the connection breaks, whether it is used or not. */
  onBreak(listener: (error: Error) => void): void {
    this.#onBreak = listener;
  }

  /** The results of the statements in `text`: of the last one. @throws DatabaseUnavailable, or what the server says of the statement */
  async query(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
    if (this.#broken) throw new DatabaseUnavailable('the connection broke', { outcome: 'undone' });
    this.usedAt = performance.now();
    const asked = this.#client.query(text, [...values]);
    const watch = new Watch(this.processId, this.#options);
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await Promise.race([asked, watch.lost]);
      return Array.isArray(result) ? (result.at(-1) as pg.QueryResult) : result;
    } catch (error) {
      const outage = outageOf(error);
      if (outage === undefined) throw error;
      if (!leavesUsable(error)) {
        asked.catch(() => {});
        this.#break(outage);
        this.#socket.destroy();
      }
      throw outage;
    } finally {
      watch.stop();
    }
  }

  /** Takes leave of the server, without waiting for long. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    const impatience = setTimeout(() => this.#socket.destroy(), 1000);
    this.#onBreak = () => {};
    this.#client.end().catch(() => this.#socket.destroy());
    await closed.catch(() => {});
    clearTimeout(impatience);
  }

  destroy(): void {
    this.#broken = true;
    this.#socket.destroy();
  }

  #break(error: Error): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#onBreak(error);
  }
}

/** An error of the statement leaves the connection as it was; but a standby will stay one. */
function leavesUsable(error: unknown): boolean {
  return (
    error instanceof Error && 'severity' in error && error.severity === 'ERROR' && codeOf(error) !== '25006'
  );
}

/**
 * Milliseconds after which a server that has nothing more to say is asked once more: its answer may be on its way, or this
 * process was busy.
 */
const DOUBT = 300;

/** Notices that an answer will not come. */
class Watch {
  readonly lost: Promise<never>;
  readonly #processId: number | undefined;
  readonly #options: SessionOptions;
  readonly #start = performance.now();
  readonly #limit: Countdown;
  #reject: (error: Error) => void = () => {};
  #silence: Countdown | undefined;
  #stopped = false;

  constructor(processId: number | undefined, options: SessionOptions) {
    this.#processId = processId;
    this.#options = options;
    this.lost = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    this.lost.catch(() => {});
    this.#limit = new Countdown(options.patience, () => this.#fail('it gave no answer'));
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    this.#limit.stop();
    this.#silence?.stop();
  }

  #wait(): void {
    const silence = boundedByPatience(this.#options.silence);
    this.#silence = new Countdown(silence, () => void this.#look());
  }

  async #look(): Promise<void> {
    const activity = await this.#activity();
    if (this.#stopped) return;
    if (activity?.state === 'idle' || activity?.state === 'gone') {
      this.#silence = new Countdown(DOUBT, () => void this.#confirm(activity.since));
    } else if (activity === undefined && patienceLeft() <= 0) this.#fail('it gave no answer');
    else this.#wait();
  }

  /** The answer is lost when the server has done nothing since it was asked first. */
  async #confirm(since: string): Promise<void> {
    const activity = await this.#activity();
    if (this.#stopped) return;
    if (activity?.since !== since || activity.state === 'working') return this.#wait();
    this.#fail('its answer was lost');
    // It may hold locks.
    if (this.#processId !== undefined) void this.#options.inquiry.end(this.#processId, since);
  }

  async #activity(): Promise<Activity> {
    return this.#processId === undefined ? undefined : this.#options.inquiry.activity(this.#processId);
  }

  #fail(what: string): void {
    const seconds = Math.round((performance.now() - this.#start) / 100) / 10;
    this.#reject(new DatabaseUnavailable(`${what} within ${seconds} s`, { outcome: 'unknown' }));
  }
}
