import { once } from 'node:events';
import type { Socket } from 'node:net';
import type pg from 'pg';
import { Countdown } from '../countdown.ts';
import { DatabaseUnavailable } from '../errors.ts';
import { boundedByPatience, patienceLeft } from '../patience.ts';
import { codeOf } from './driver-errors.ts';
import { outageOf } from './outages.ts';
import type { Connected } from './postgres-connect.ts';

/** What the server is doing for a session, and since when; undefined if it could not be asked. */
export type Activity = { state: 'working' | 'idle' | 'gone'; since: string } | undefined;

/** Asks the server about its processes, over other connections. */
export interface Inquiry {
  activity(processId: number): Promise<Activity>;
  /** Ends the process unless it has done something since then. */
  end(processId: number, since: string): Promise<void>;
}

export interface SessionOptions {
  /**
   * Milliseconds without an answer after which the server is asked, over another connection, whether it is working on
   * one.
   */
  silence: number;
  /** Milliseconds that an answer may take; Infinity: any time. */
  patience: number;
  inquiry: Inquiry;
}

/** One connection to PostgreSQL. Once broken, it fails every request. */
export class PostgresSession {
  readonly openedAt = performance.now();
  /** When it was used last. */
  usedAt = performance.now();
  /** Changes when the server crashes; undefined until it has been asked for. */
  incarnation: string | undefined;
  /** Whether there is a pooler in between, which reports a number of its own as the server's process. */
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

  /** The server's process; undefined if it cannot be asked about. */
  get processId(): number | undefined {
    return this.isPooled ? undefined : this.toldProcessId;
  }

  /** The process that the other end claims to be. */
  get toldProcessId(): number {
    return Number((this.#client as pg.Client & { processID?: number | null }).processID ?? 0);
  }

  /** Called once, when the connection breaks, whether or not it is in use. */
  onBreak(listener: (error: Error) => void): void {
    this.#onBreak = listener;
  }

  /**
   * The result of the last statement in `text`. @throws DatabaseUnavailable, or the server's error for the statement
   */
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

  /** Closes the session in an orderly way, without waiting for long. */
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

/** A statement's error does not harm the connection; but a standby will remain one. */
function leavesUsable(error: unknown): boolean {
  return (
    error instanceof Error && 'severity' in error && error.severity === 'ERROR' && codeOf(error) !== '25006'
  );
}

/**
 * Milliseconds after which a server that has finished is asked once more: its answer may be on its way, or this
 * process was busy.
 */
const DOUBT = 300;

/** Notices when an answer will not come. */
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

  /** The answer is lost if the server has done nothing since it was first asked. */
  async #confirm(since: string): Promise<void> {
    const activity = await this.#activity();
    if (this.#stopped) return;
    if (activity?.since !== since || activity.state === 'working') return this.#wait();
    this.#fail('its answer was lost');
    // The process may hold locks.
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
