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
  readonly #beats = new Map<number, Beat>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Until the returned beat stops; undefined for a call that is not monitored. */
  start(incoming: IncomingMessage): Heartbeat | undefined {
    const seconds = incoming.callMonitorTimeout;
    if (seconds === null || !(seconds > 0)) return undefined;
    const interval = Math.min(Math.max((seconds * 1000) / 2, MIN_INTERVAL), MAX_TIMER);
    const heartbeat = new Heartbeat(incoming, interval);
    heartbeat.join(this.#beatOf(Math.min(interval, FIRST_SIGN)));
    return heartbeat;
  }

  #beatOf(interval: number): Beat {
    let beat = this.#beats.get(interval);
    if (beat === undefined) {
      beat = new Beat(
        interval,
        (heartbeat) => this.#show(heartbeat, interval),
        () => this.#beats.delete(interval),
      );
      this.#beats.set(interval, beat);
    }
    return beat;
  }

  #show(heartbeat: Heartbeat, interval: number): void {
    const { incoming } = heartbeat;
    incoming.heartbeat().catch((error: unknown) => {
      // The caller's own timeout tells it; the endpoint goes on.
      this.#logger.debug({ err: error, method: incoming.message.method }, 'A sign of life was not sent');
    });
    if (heartbeat.interval > interval) heartbeat.join(this.#beatOf(heartbeat.interval));
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

  /** From now on it comes with this beat. */
  join({ calls }: Beat): void {
    this.stop();
    this.#calls = calls;
    this.#entry = calls.add(this);
  }

  stop(): void {
    if (this.#entry !== undefined) this.#calls?.remove(this.#entry);
    this.#entry = undefined;
  }
}

/** The signs of life of one interval. It ends itself when it finds nothing to do. */
class Beat {
  readonly calls = new Roster<Heartbeat>();
  readonly #show: (heartbeat: Heartbeat) => void;
  readonly #onIdle: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(interval: number, show: (heartbeat: Heartbeat) => void, onIdle: () => void) {
    this.#show = show;
    this.#onIdle = onIdle;
    // This need not keep a process alive: a process that serves a request stays for the request.
    this.#timer = setInterval(() => this.#tick(), interval).unref();
  }

  #tick(): void {
    if (this.calls.empty) {
      clearInterval(this.#timer);
      this.#onIdle();
    }
    for (const heartbeat of this.calls.items()) this.#show(heartbeat);
  }
}
