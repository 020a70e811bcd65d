import type { Logger } from '../../../logger.ts';
import { errorText } from '../connection/amqp-error.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';

/** However short a caller's timeout, it is looked so seldom (ms). */
const MIN_INTERVAL = 10;

/** Tells the callers of requests that wait that the server is alive, every half of their call-monitor timeouts. */
export class SignsOfLife {
  readonly #waiting: Iterable<RabbitIncomingMessage> & { readonly size: number };
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(waiting: Iterable<RabbitIncomingMessage> & { readonly size: number }, logger: Logger) {
    this.#waiting = waiting;
    this.#logger = logger;
  }

  /** To be called when requests have come or gone. One timer serves them all. */
  update(): void {
    if (this.#waiting.size === 0) this.stop();
    else if (this.#timer === undefined) this.#sweep();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sends what is due, and comes again when the next can be due. */
  #sweep(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const request of this.#waiting) {
      const interval = request.signInterval;
      if (interval === undefined) continue;
      if (request.nextSign <= now) {
        request.nextSign = now + interval;
        request.heartbeat().catch((error: unknown) => {
          this.#logger.debug({ reason: errorText(error) }, 'sign of life not sent');
        });
      }
      next = Math.min(next, request.nextSign - now, interval);
    }
    const delay = Math.max(Math.min(next, MAX_INTERVAL), MIN_INTERVAL);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.update();
    }, delay).unref();
  }
}

/** Requests with shorter timeouts may come to those that wait (ms). */
const MAX_INTERVAL = 250;
