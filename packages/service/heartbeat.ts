import type { JsonObject, Logger } from '@mini-nova/messaging';
import { skewText } from './clock-skew.ts';
import { RequestContext } from './request-context.ts';
import { runWithContext } from './request-scope.ts';
import { type ServiceInfo, ServiceRecordMissing, type ServiceRecords } from './service-records.ts';
import { current, type Setting } from './setting.ts';
import { after, settlesWithin } from './timer.ts';

export interface HeartbeatOptions {
  records: ServiceRecords;
  info: ServiceInfo;
  /** Seconds between two heartbeats. */
  interval: Setting<number>;
  /**
   * Runs before each heartbeat, and rejects when the service cannot do its work though its process lives: the
   * heartbeat is then not sent.
   */
  probe?(): Promise<void>;
  /** Called after each heartbeat, with the records' `clockSkew`. */
  onBeat?(at: Date, clockSkew: number | null): void;
  logger: Logger;
}

/** First wait (s) after a failed heartbeat; doubled after each further failure, up to the interval. */
const FIRST_RETRY = 1;
/** How long (s) the end waits for a heartbeat under way, and for the record. */
const LEAVE_TIMEOUT = 2;

/**
 * Keeps a service record alive. A failed heartbeat is retried with growing waits; an outage is logged once when it
 * begins and once when it ends.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #state: 'created' | 'running' | 'stopped' = 'created';
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | undefined;
  #failures = 0;
  #lastError: string | null = null;
  /** By performance.now(): when the wait for the next heartbeat began. */
  #waitingSince = 0;
  #last: Date | undefined;
  /** By performance.now(). */
  #lastAt = 0;
  #skewed = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** When the record was last brought up to date; undefined before `register`. */
  get last(): Date | undefined {
    return this.#last;
  }

  /** Creates the record, or takes it over from an earlier run. */
  register(): Promise<void> {
    const { records, info } = this.#options;
    return this.#occupy(records.register(info).then(() => this.#noteBeat()));
  }

  /** The first heartbeat comes after one interval: the record was just registered. */
  start(): void {
    if (this.#state !== 'created') return;
    this.#state = 'running';
    this.#schedule(this.#interval);
  }

  /** The interval may have changed. */
  reset(): void {
    if (this.#state !== 'running' || this.#underWay !== undefined || this.#failures > 0) return;
    clearTimeout(this.#timer);
    const waited = (performance.now() - this.#waitingSince) / 1000;
    this.#arm(Math.max(0, this.#interval - waited));
  }

  /** Sends no more heartbeats. One that is under way is left to itself, and its outcome is not logged. */
  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  /** After `stop`: marks the record as stopped. Resolves within some seconds even when that is impossible. */
  async leave(): Promise<void> {
    // A heartbeat that arrives later would contradict the stop.
    if (this.#underWay) await settlesWithin(this.#underWay, LEAVE_TIMEOUT);
    if (this.#last === undefined) return;
    const { records, logger } = this.#options;
    const leaving = runWithContext(RequestContext.admin(), () => records.stopped());
    leaving.catch((err: unknown) => logger.debug({ err }, 'The service record does not say that it stops'));
    const left = await settlesWithin(leaving, LEAVE_TIMEOUT);
    if (!left) logger.warn({}, 'The service record cannot be told that the service stops');
  }

  /** @throws Error when there was no heartbeat, or the last one is older than so many seconds */
  assertRecent(seconds: number): void {
    if (this.#last === undefined) throw new Error('there has been none');
    const age = (performance.now() - this.#lastAt) / 1000;
    if (age > seconds) {
      throw new Error(`the last was ${Math.round(age)} s ago, at ${this.#last.toISOString()}`);
    }
  }

  /** A remark about this machine's clock; undefined when there is nothing to remark. */
  get clockRemark(): string | undefined {
    const skew = skewText(this.#options.records.clockSkew);
    return skew && `the clock is ${skew} of the database's`;
  }

  report(): JsonObject {
    return {
      interval: this.#interval,
      last: this.#last?.toISOString() ?? null,
      failures: this.#failures,
      last_error: this.#lastError,
      clock_skew: this.#options.records.clockSkew ?? null,
    };
  }

  get #interval(): number {
    return current(this.#options.interval);
  }

  #schedule(seconds: number): void {
    this.#waitingSince = performance.now();
    this.#arm(seconds);
  }

  #arm(seconds: number): void {
    this.#timer = after(seconds, () => void this.#occupy(this.#beat()));
  }

  #occupy(work: Promise<void>): Promise<void> {
    this.#underWay = work.finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #beat(): Promise<void> {
    const start = performance.now();
    try {
      await runWithContext(RequestContext.admin(), () => this.#report());
      this.#succeeded();
    } catch (error) {
      // The broker, the conductor or the database is away; which errors that means only the records know.
      this.#failed(error);
    }
    if (this.#state !== 'running') return;
    const elapsed = (performance.now() - start) / 1000;
    this.#schedule(this.#failures === 0 ? Math.max(0, this.#interval - elapsed) : this.#retryDelay);
  }

  get #retryDelay(): number {
    return Math.min(this.#interval, FIRST_RETRY * 2 ** (this.#failures - 1));
  }

  async #report(): Promise<void> {
    const { records, info, probe, logger } = this.#options;
    await probe?.();
    try {
      if (this.#state === 'running') await records.heartbeat();
    } catch (error) {
      if (!(error instanceof ServiceRecordMissing) || this.#state !== 'running') throw error;
      logger.warn({ ...info }, 'The service record has vanished; registering again');
      await records.register(info);
    }
  }

  #noteBeat(): void {
    this.#last = new Date();
    this.#lastAt = performance.now();
    const { records, onBeat } = this.#options;
    onBeat?.(this.#last, records.clockSkew ?? null);
    this.#watchClock();
  }

  /** Logged once when it begins, and once when it ends. */
  #watchClock(): void {
    const { records, logger } = this.#options;
    const remark = this.clockRemark;
    if (this.#skewed === (remark !== undefined)) return;
    this.#skewed = remark !== undefined;
    const seconds = records.clockSkew ?? null;
    if (this.#skewed) logger.warn({ seconds }, "This machine's clock differs from the database's");
    else logger.info({ seconds }, "This machine's clock agrees with the database's again");
  }

  #succeeded(): void {
    if (this.#state !== 'running') return;
    this.#noteBeat();
    if (this.#failures === 0) return;
    this.#options.logger.info({ failures: this.#failures }, 'The service record can be kept alive again');
    this.#failures = 0;
    this.#lastError = null;
  }

  #failed(error: unknown): void {
    if (this.#state !== 'running') return;
    this.#failures += 1;
    this.#lastError = String(error);
    const { logger } = this.#options;
    if (this.#failures > 1) logger.debug({ err: error, failures: this.#failures }, 'A heartbeat failed');
    else logger.warn({ error: String(error) }, 'The service record cannot be kept alive; trying on');
  }
}
