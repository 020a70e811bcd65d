import type { Logger } from '@mini-nova/messaging';

/**
 * Reports the usage soon after it changes: one report at a time, and changes that come during one are in the next.
 * A report that fails is left to the next change or the periodic update.
 */
export class UsageReports {
  readonly #report: () => Promise<void>;
  readonly #logger: Logger;
  #running = false;
  #wanted = false;

  constructor(report: () => Promise<void>, logger: Logger) {
    this.#report = report;
    this.#logger = logger;
  }

  request(): void {
    this.#wanted = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#wanted) {
      this.#wanted = false;
      try {
        await this.#report();
      } catch (error) {
        this.#logger.debug({ error: String(error) }, 'Could not report the usage of the host');
      }
    }
    this.#running = false;
  }
}
