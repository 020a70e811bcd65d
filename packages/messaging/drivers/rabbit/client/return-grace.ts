import type { BrokerConnection } from '../connection/connection.ts';
import type { Destination } from './destinations.ts';

/** For how long (ms) a call may wait for a queue that was there, or that may be about to come back. */
const RETURN_GRACE = 10_000;

/**
 * Which calls wait when no queue takes them. After a broker's restart everybody needs a moment to declare its queues
 * again, and a deleted exchange gets its bindings back when its servers notice; calls must not fail over that.
 */
export class ReturnGrace {
  #connections = 0;
  #remadeAt = Number.NEGATIVE_INFINITY;

  constructor(connection: BrokerConnection) {
    connection.on('connected', () => {
      this.#connections += 1;
      if (this.#connections > 1) this.#remadeAt = performance.now();
    });
  }

  /** Until when (ms of `performance.now`) a call that has just come back may wait; undefined: not at all. */
  until({ known }: Destination): number | undefined {
    const now = performance.now();
    return known || now - this.#remadeAt < RETURN_GRACE ? now + RETURN_GRACE : undefined;
  }
}
