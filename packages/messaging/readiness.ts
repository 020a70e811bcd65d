import type { Driver } from './drivers/driver.ts';
import { MessageDeliveryFailure } from './errors.ts';
import { reasonText } from './logger.ts';

/** How long `Transport.ready` waits. */
export interface ReadyOptions {
  /** Seconds. Default 5. */
  timeout?: number;
}

/** Timers take a 32-bit number of milliseconds; a longer one would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;

/** Waits for a driver to be ready, for a time, or until its transport is closed. */
export class Readiness {
  readonly #driver: Driver;
  readonly #waits = new Set<AbortController>();
  #closed = false;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** @throws MessageDeliveryFailure when the driver is not ready in so many seconds, or closed */
  async wait(seconds: number): Promise<void> {
    if (this.#closed) throw closed();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), Math.min(seconds * 1000, MAX_TIMER));
    this.#waits.add(patience);
    try {
      await this.#driver.ready?.(patience.signal);
    } catch (error) {
      if (!this.#closed) throw notReady(error, patience.signal.aborted ? seconds : undefined);
    } finally {
      clearTimeout(timer);
      this.#waits.delete(patience);
    }
    if (this.#closed) throw closed();
  }

  /** Whoever waits need not wait any longer. */
  close(): void {
    this.#closed = true;
    for (const patience of this.#waits) patience.abort();
  }
}

function closed(): MessageDeliveryFailure {
  return new MessageDeliveryFailure('The transport is closed');
}

/** @param seconds for which it was waited in vain; undefined when the driver did not wait */
function notReady(cause: unknown, seconds: number | undefined): MessageDeliveryFailure {
  const when = seconds === undefined ? 'is not ready' : `was not ready within ${seconds} s`;
  const reason = cause instanceof Error ? cause.message : reasonText(cause);
  return new MessageDeliveryFailure(`The transport ${when}: ${reason}`, { cause });
}
