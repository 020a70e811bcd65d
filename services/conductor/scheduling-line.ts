import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@mini-nova/data/database';
import { touchScheduling } from '@mini-nova/data/instances/queries';
import { hasStopped, type ServiceStore } from '@mini-nova/data/services/store';
import { databaseTimestamp } from '@mini-nova/database';
import { NoValidHost } from '@mini-nova/domain/exceptions';
import { isOutage, type OutageRetryOptions, retryOnOutage } from '@mini-nova/domain/outage-retry';
import type { Logger } from '@mini-nova/messaging';
import { Overloaded } from '@mini-nova/messaging';
import type { Service } from '@mini-nova/objects';
import { WorkQueue } from '@mini-nova/service';
import type { Presence } from './presence.ts';

export interface SchedulingLineOptions extends WaitingBuildsOptions {
  /** How long a scheduler that does not answer is asked again. */
  schedulerRetry: OutageRetryOptions;
  /** Rejects when the message bus is away. Default: it never is. */
  bus?: () => Promise<void>;
  /** Default: computes that count as down are down. */
  silentComputes?: SilentComputes;
}

/**
 * How many requests of a conductor its schedulers work on at once: enough to keep several of them busy. The others wait
 * here, where waiting costs nothing and no deadline runs. Thus a scheduler's queue stays short, few requests have to be
 * repeated after a timeout, and few answers arrive together and hold up this process.
 */
const WIDTH = 4;
/**
 * In addition, up to `most` requests that a scheduler has not answered for `after` ms: a frozen one does not block the
 * line.
 */
const SLOW = { after: 1000, most: 12 };
/** Milliseconds between two looks whether the bus is back. */
const BUS_PAUSE = 1000;
/** Milliseconds before a scheduler that was overloaded is asked again: at least half of it, at random. */
const PAUSE = 2000;
/** The longest of these. */
const LONGEST_PAUSE = 30_000;

/** Where builds wait for a host. */
export class SchedulingLine {
  readonly #options: SchedulingLineOptions;
  readonly #waiting: WaitingBuilds;
  readonly #queue = new WorkQueue({ name: 'conductor', width: () => WIDTH, slow: SLOW });
  /** When a scheduler last gave an answer, whatever it was; by performance.now(). */
  #answered = 0;

  constructor(options: SchedulingLineOptions) {
    this.#options = options;
    this.#waiting = new WaitingBuilds(options);
  }

  /** Runs `schedule`, which asks the scheduler about these instances, when it is their turn. */
  run<T>(uuids: readonly string[], schedule: () => Promise<T>): Promise<T> {
    return this.#waiting.during(uuids, () => this.#queue.run(schedule));
  }

  /**
   * Makes a request to the scheduler, and again when it is overloaded or does not answer; it must be idempotent. An
   * overloaded scheduler is not a failure, as long as any request is answered.
   *
   * @throws Overloaded when nobody was given an answer for the build timeout
   */
  ask<T>(request: () => Promise<T>): Promise<T> {
    const { silentComputes } = this.#options;
    const ask = () => this.#ask(request);
    return silentComputes ? silentComputes.outwait(ask) : ask();
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    const { schedulerRetry, buildTimeout } = this.#options;
    const since = performance.now();
    for (;;) {
      try {
        const answer = await retryOnOutage(() => this.#overBus(request), schedulerRetry);
        this.#answered = performance.now();
        return answer;
      } catch (error) {
        if (!isOutage(error)) this.#answered = performance.now();
        if (!(error instanceof Overloaded)) throw error;
        const silence = (performance.now() - Math.max(since, this.#answered)) / 1000;
        if (silence >= (buildTimeout() || Number.POSITIVE_INFINITY)) throw error;
        await pauseFor(error);
      }
    }
  }

  /**
   * A request that fails while the bus is away is made again when the bus is back, and does not count as unanswered.
   */
  async #overBus<T>(request: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (!isOutage(error) || error instanceof Overloaded || (await this.#isBusThere())) throw error;
      }
      do await sleep(BUS_PAUSE, undefined, { ref: false });
      while (!(await this.#isBusThere()));
    }
  }

  async #isBusThere(): Promise<boolean> {
    try {
      await this.#options.bus?.();
      return true;
    } catch {
      return false;
    }
  }
}

/** Random, so that those who were refused together do not come back together. */
async function pauseFor({ retryAfter = 0 }: Overloaded): Promise<void> {
  const longest = Math.min(Math.max(PAUSE, retryAfter * 1000), LONGEST_PAUSE);
  await sleep(longest * (0.5 + Math.random() / 2), undefined, { ref: false });
}

export interface WaitingBuildsOptions {
  db: Database;
  /** Seconds after which a record without a change is taken for that of a stuck build; 0: never. */
  buildTimeout: () => number;
  logger: Logger;
}

/** A record is touched so often within the timeout: one touch that fails, or is late, does no harm. */
const TOUCHES = 4;
/** Seconds between looks while there is no timeout. */
const IDLE = 60;

/**
 * The builds that wait here for a host. A build that waits in a queue that moves is not stuck, however long it waits:
 * its record is touched meanwhile, so that no conductor ends it for having made no progress.
 */
export class WaitingBuilds {
  readonly #options: WaitingBuildsOptions;
  readonly #uuids = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WaitingBuildsOptions) {
    this.#options = options;
  }

  /** The instances count as waiting while `work` runs. */
  async during<T>(uuids: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const uuid of uuids) this.#uuids.set(uuid, (this.#uuids.get(uuid) ?? 0) + 1);
    this.#watch();
    try {
      return await work();
    } finally {
      for (const uuid of uuids) this.#leave(uuid);
    }
  }

  /** The same message may have come twice. */
  #leave(uuid: string): void {
    const times = (this.#uuids.get(uuid) ?? 1) - 1;
    if (times > 0) this.#uuids.set(uuid, times);
    else this.#uuids.delete(uuid);
    if (this.#uuids.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#uuids.size === 0) return;
    const seconds = this.#options.buildTimeout() / TOUCHES || IDLE;
    this.#timer = setTimeout(() => void this.#touch(), seconds * 1000).unref();
  }

  async #touch(): Promise<void> {
    const { db, buildTimeout, logger } = this.#options;
    const uuids = [...this.#uuids.keys()];
    try {
      if (buildTimeout() > 0) await touchScheduling(db.kysely, uuids, databaseTimestamp(db.kysely));
    } catch (error) {
      logger.warn({ err: error, instances: uuids.length }, 'could not note that builds wait for a host');
    }
    this.#timer = undefined;
    this.#watch();
  }
}

export interface SilentComputesOptions {
  services: ServiceStore;
  presence: Presence;
  /** `[DEFAULT] service_down_time` at present, in seconds. */
  serviceDownTime: () => number;
  /** Milliseconds between two attempts while computes may be about to report. Default 1000. */
  pause?: number;
}

/**
 * - `silent`: some that may be up have not reported since an outage, and have not yet had the service down time to do
 *   so
 * - `heard`: all that are expected have reported since then
 * - `known`: those that have not reported had the time, and are down
 */
type Hearing = 'silent' | 'heard' | 'known';

/** Computes without a recent heartbeat. During an outage of the database, the bus or the conductors none has one. */
export class SilentComputes {
  readonly #options: SilentComputesOptions;

  constructor(options: SilentComputesOptions) {
    this.#options = options;
  }

  /** Schedules again when no host is found, until the computes that may be up have had time to report. */
  async outwait<T>(schedule: () => Promise<T>): Promise<T> {
    for (let hearing: Hearing = 'silent'; ; ) {
      try {
        return await schedule();
      } catch (error) {
        // An answer from before all have reported is not final.
        if (!(error instanceof NoValidHost) || hearing !== 'silent') throw error;
        hearing = await this.#listen();
        if (hearing === 'known') throw error;
      }
      if (hearing === 'silent') await sleep(this.#options.pause ?? 1000, undefined, { ref: false });
    }
  }

  async #listen(): Promise<Hearing> {
    const { services, presence, serviceDownTime } = this.#options;
    const downTime = serviceDownTime();
    if (await presence.lasts(downTime)) return 'known';
    const { objects } = await services.list({ binary: 'nova-compute' });
    const isAnySilent = objects.some((service) => isExpected(service) && !services.isUp(service, downTime));
    return isAnySilent ? 'silent' : 'heard';
  }
}

function isExpected(service: Service): boolean {
  const { disabled = false, forced_down = false } = service.values();
  return !disabled && !forced_down && !hasStopped(service);
}
