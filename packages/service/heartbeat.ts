import type { Logger } from '@mini-nova/messaging';
import { RequestContext } from './request-context.ts';
import { runWithContext } from './request-scope.ts';
import { type ServiceInfo, ServiceRecordMissing, type ServiceRecords } from './service-records.ts';
import { after } from './timer.ts';

export interface HeartbeatOptions {
  records: ServiceRecords;
  info: ServiceInfo;
  /** Seconds between two heartbeats. */
  interval: number;
  logger: Logger;
}

/**
 * Keeps a service record alive. A failed heartbeat is tried again after the interval, for as long as it takes;
 * an outage is logged once when it begins and once when it ends.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #state: 'created' | 'running' | 'stopped' = 'created';
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** The first heartbeat comes after one interval: the record was just registered. */
  start(): void {
    if (this.#state !== 'created') return;
    this.#state = 'running';
    this.#schedule(this.#options.interval);
  }

  /** Sends none any more. One that is under way is left to itself, and its outcome is not logged. */
  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  #schedule(seconds: number): void {
    this.#timer = after(seconds, () => void this.#beat());
  }

  async #beat(): Promise<void> {
    const start = performance.now();
    try {
      await runWithContext(RequestContext.admin(), () => this.#report());
      this.#succeeded();
    } catch (error) {
      // The broker, the conductor or the database is away; which errors that means is the records' matter.
      this.#failed(error);
    }
    if (this.#state !== 'running') return;
    const elapsed = (performance.now() - start) / 1000;
    this.#schedule(Math.max(0, this.#options.interval - elapsed));
  }

  async #report(): Promise<void> {
    const { records, info, logger } = this.#options;
    try {
      await records.heartbeat();
    } catch (error) {
      if (!(error instanceof ServiceRecordMissing) || this.#state !== 'running') throw error;
      logger.warn({ ...info }, 'The service record has vanished; registering again');
      await records.register(info);
    }
  }

  #succeeded(): void {
    if (this.#failures === 0 || this.#state !== 'running') return;
    this.#options.logger.info({ failures: this.#failures }, 'The service record can be kept alive again');
    this.#failures = 0;
  }

  #failed(error: unknown): void {
    if (this.#state !== 'running') return;
    this.#failures += 1;
    const { logger } = this.#options;
    if (this.#failures > 1) logger.debug({ err: error, failures: this.#failures }, 'A heartbeat failed');
    else logger.warn({ error: String(error) }, 'The service record cannot be kept alive; trying on');
  }
}
