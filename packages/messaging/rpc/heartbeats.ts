import type { IncomingMessage } from '../drivers/driver.ts';
import type { Logger } from '../logger.ts';
import { Roster, type RosterEntry } from '../roster.ts';

/** However short the caller's timeout, its signs of life are at least so many milliseconds apart. */
const MIN_INTERVAL = 10;
const MAX_INTERVAL = 2 ** 31 - 1;

/** Shows monitoring callers that their server lives, at least every half call-monitor timeout. */
export class Heartbeats {
  readonly #logger: Logger;
  /** One timer for all calls of an interval: nearly all of them end before it fires once. */
  readonly #beats = new Map<number, Beat>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Until the returned beat stops; undefined for a call that is not monitored. */
  start(incoming: IncomingMessage): Heartbeat | undefined {
    const seconds = incoming.callMonitorTimeout;
    if (seconds === null || !(seconds > 0)) return undefined;
    const interval = Math.min(Math.max((seconds * 1000) / 2, MIN_INTERVAL), MAX_INTERVAL);
    let beat = this.#beats.get(interval);
    if (beat === undefined) {
      beat = new Beat(interval, this.#logger, () => this.#beats.delete(interval));
      this.#beats.set(interval, beat);
    }
    return new Heartbeat(beat.calls, incoming);
  }
}

/** The signs of life of one call. */
export class Heartbeat {
  readonly #calls: Roster<IncomingMessage>;
  readonly #entry: RosterEntry<IncomingMessage>;

  constructor(calls: Roster<IncomingMessage>, incoming: IncomingMessage) {
    this.#calls = calls;
    this.#entry = calls.add(incoming);
  }

  stop(): void {
    this.#calls.remove(this.#entry);
  }
}

/** The signs of life of one interval. It ends itself when it finds nothing to do. */
class Beat {
  readonly calls = new Roster<IncomingMessage>();
  readonly #logger: Logger;
  readonly #onIdle: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(interval: number, logger: Logger, onIdle: () => void) {
    this.#logger = logger;
    this.#onIdle = onIdle;
    // A process need not stay for this: whoever serves a request stays for the request.
    this.#timer = setInterval(() => this.#tick(), interval).unref();
  }

  #tick(): void {
    if (this.calls.empty) {
      clearInterval(this.#timer);
      this.#onIdle();
    }
    for (const incoming of this.calls.items()) {
      incoming.heartbeat().catch((error: unknown) => {
        // The caller's own timeout tells it; the endpoint goes on.
        this.#logger.debug({ err: error, method: incoming.message.method }, 'A sign of life was not sent');
      });
    }
  }
}
