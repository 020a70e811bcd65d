import { Roster, type RosterEntry } from '../collections.ts';
import { FIRST_SIGN, type IncomingMessage } from '../drivers/driver.ts';
import { MAX_TIMER } from '../limits.ts';
import type { Logger } from '../logger.ts';

/** However short the caller's timeout, its signs of life are at least so many milliseconds apart. */
const MIN_INTERVAL = 10;

/**
 * Shows monitoring callers that their server lives: soon after the start, and then at least every half call-monitor
 * timeout.
 */
export class Heartbeats {
  readonly #logger: Logger;
  /** One timer for all calls of an interval: nearly all of them end before it fires once. */
  readonly #calls = new Map<number, Roster<Heartbeat>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Until the returned heartbeat stops; undefined for a call that is not monitored. */
  start(incoming: IncomingMessage): Heartbeat | undefined {
    const seconds = incoming.callMonitorTimeout;
    if (seconds === null || !(seconds > 0)) return undefined;
    const interval = Math.min(Math.max((seconds * 1000) / 2, MIN_INTERVAL), MAX_TIMER);
    const heartbeat = new Heartbeat(incoming, interval);
    heartbeat.join(this.#callsOf(Math.min(interval, FIRST_SIGN)));
    return heartbeat;
  }

  /** The calls that show signs of life in this interval. Its timer ends itself when it finds none. */
  #callsOf(interval: number): Roster<Heartbeat> {
    const known = this.#calls.get(interval);
    if (known !== undefined) return known;
    const calls = new Roster<Heartbeat>();
    this.#calls.set(interval, calls);
    const timer = setInterval(() => {
      if (calls.empty) {
        clearInterval(timer);
        this.#calls.delete(interval);
      }
      for (const heartbeat of calls.items()) this.#show(heartbeat, interval);
    }, interval);
    // This need not keep a process alive: a process that serves a request stays for the request.
    timer.unref();
    return calls;
  }

  #show(heartbeat: Heartbeat, interval: number): void {
    const { incoming } = heartbeat;
    incoming.heartbeat().catch((error: unknown) => {
      // The caller's own timeout tells it; the endpoint goes on.
      this.#logger.debug({ err: error, method: incoming.message.method }, 'A sign of life was not sent');
    });
    if (heartbeat.interval > interval) heartbeat.join(this.#callsOf(heartbeat.interval));
  }
}

/** The signs of life of one call. */
export class Heartbeat {
  readonly incoming: IncomingMessage;
  /** Milliseconds between them, after the first. */
  readonly interval: number;
  #calls: Roster<Heartbeat> | undefined;
  #entry: RosterEntry<Heartbeat> | undefined;

  constructor(incoming: IncomingMessage, interval: number) {
    this.incoming = incoming;
    this.interval = interval;
  }

  /** From now on it comes with these calls. */
  join(calls: Roster<Heartbeat>): void {
    this.stop();
    this.#calls = calls;
    this.#entry = calls.add(this);
  }

  stop(): void {
    if (this.#entry !== undefined) this.#calls?.remove(this.#entry);
    this.#entry = undefined;
  }
}
