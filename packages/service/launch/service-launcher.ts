import { ConfigError } from '@mini-nova/config';
import type { JsonObject, Logger } from '@mini-nova/messaging';
import { current } from '../setting.ts';
import type { Launchable, ReadinessChecks, StopOptions } from './launchable.ts';
import { reportsOf, resetAll, stopAll } from './launched.ts';
import {
  type Launcher,
  type LauncherState,
  type LaunchOptions,
  type LaunchSource,
  type RestartMethod,
  WRONG_USE,
} from './launcher.ts';
import { guardProcess } from './process-guard.ts';
import { readAgain } from './read-again.ts';
import { ReloadQueue } from './reload-queue.ts';
import { endProcessAfter, QUICK_STOP_TIMEOUT, STOP_TIMEOUT } from './stop-timeout.ts';

/** Gives a launcher its orders. */
export interface LauncherOrders {
  onStop(reason: string, options: StopOptions): void;
  /** Exit at once. */
  onForce(reason: string): void;
  onReload(): void;
  onReport(): void;
}

export interface ServiceLauncherOptions extends LaunchOptions {
  logger: Logger;
  /** Calls back with orders; returns a function that stops listening. */
  listen(orders: LauncherOrders): () => void;
}

/** Starts launchables in order in this process, and stops them in the opposite order. */
export class ServiceLauncher implements Launcher {
  readonly #sources: readonly LaunchSource[];
  readonly #options: ServiceLauncherOptions;
  readonly #beside: Launchable[] = [];
  readonly #launched: Launchable[] = [];
  readonly #stopRequested = new AbortController();
  readonly #exitCode: Promise<number>;
  #stopOptions: StopOptions = {};
  #state: LauncherState = 'starting';
  #failed = false;
  /** The exit code if it failed. */
  #failure = 1;
  #told: Promise<void> | undefined;
  readonly #reloads = new ReloadQueue(() => this.#reload());

  constructor(sources: readonly LaunchSource[], options: ServiceLauncherOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#exitCode = this.#run();
  }

  get state(): LauncherState {
    return this.#state;
  }

  /** The checks of everything launched. With several launchables, each name is prefixed with its launchable's. */
  get checks(): ReadinessChecks {
    const checked = this.#launched.filter(({ checks }) => checks !== undefined);
    const entries = checked.flatMap(({ name, checks = {} }) =>
      Object.entries(checks).map(([check, run]) => [checked.length > 1 ? `${name} ${check}` : check, run]),
    );
    return { state: () => this.#assertRunning(), ...Object.fromEntries(entries) };
  }

  wait(): Promise<number> {
    return this.#exitCode;
  }

  /** A further order can make a stop quick, or say that nothing takes its place after all. */
  stop(options: StopOptions = {}): void {
    if (!this.#stopRequested.signal.aborted) {
      this.#stopOptions = options;
      this.#told = this.#options.onStopping?.();
      this.#stopRequested.abort();
      return;
    }
    const { quick = false, replaced = false } = this.#stopOptions;
    this.#stopOptions = {
      quick: quick || options.quick === true,
      replaced: replaced && options.replaced === true,
    };
    // Their first stop tells how it ends.
    for (const launchable of this.#launched) launchable.stop(this.#stopOptions).catch(() => {});
  }

  reload(): Promise<void> {
    return this.#reloads.request();
  }

  report(): void {
    const parts: JsonObject = {
      launcher: { state: this.#state, pid: process.pid },
      ...reportsOf([...this.#beside, ...this.#launched]),
    };
    this.#options.writeReport?.(parts);
  }

  /** It has none. */
  async superviseWorkers(): Promise<void> {}

  async #run(): Promise<number> {
    const { logger, listen, beside = [] } = this.#options;
    const unguard = guardProcess(logger);
    const unlisten = listen(this.#orders());
    // A daemon that has nothing open (memory transport) must not end by itself.
    const keepAlive = setInterval(() => {}, 2 ** 30);
    try {
      const start = this.#startAll(beside, this.#beside).then(async (started) => {
        if (started) await this.#startServices();
      });
      this.#reloads.follow(start);
      await Promise.race([start, this.#untilStopRequested()]);
      await this.#untilStopRequested();
      await this.#stopEverything();
      await this.#told;
      return this.#failed ? this.#failure : 0;
    } finally {
      clearInterval(keepAlive);
      unlisten();
      unguard();
      this.#enter('stopped');
    }
  }

  #orders(): LauncherOrders {
    const { logger } = this.#options;
    return {
      onStop: (reason, options) => {
        if (!this.#stopRequested.signal.aborted) logger.info({ reason, ...options }, 'Stopping');
        this.stop(options);
      },
      onForce: (reason) => {
        logger.warn({ reason }, 'Told to stop again; exiting at once');
        process.exit(1);
      },
      onReload: () => void this.reload(),
      onReport: () => this.report(),
    };
  }

  async #startServices(): Promise<void> {
    this.#enter('starting');
    const started = await this.#startAll(this.#sources, this.#launched);
    if (started && !this.#stopRequested.signal.aborted) this.#enter('running');
  }

  /** False, with the launcher stopping, when something could not start; true even when a stop was requested. */
  async #startAll(sources: readonly LaunchSource[], launched: Launchable[]): Promise<boolean> {
    const { signal } = this.#stopRequested;
    for (const source of sources) {
      try {
        const launchable = typeof source === 'function' ? await source() : source;
        launched.push(launchable);
        if (signal.aborted) {
          await stopAll([launchable], this.#options.logger, this.#stopOptions);
          return true;
        }
        await launchable.start();
      } catch (error) {
        // A start that a stop interrupts has not failed.
        if (signal.aborted) return true;
        this.#options.logger.error({ err: error, ...nameOf(source) }, 'Could not start');
        this.#failed = true;
        if (error instanceof ConfigError) this.#failure = WRONG_USE;
        this.stop();
        return false;
      }
    }
    return true;
  }

  async #stopEverything(): Promise<void> {
    const { logger, stopTimeout = STOP_TIMEOUT } = this.#options;
    this.#enter('draining');
    const timeout = this.#stopOptions.quick ? QUICK_STOP_TIMEOUT : current(stopTimeout);
    const patience = endProcessAfter(timeout, logger);
    const clean = await stopAll([...this.#beside, ...this.#launched], logger, this.#stopOptions);
    if (!clean) this.#failed = true;
    clearTimeout(patience);
  }

  async #reload(): Promise<void> {
    if (this.#state !== 'running') return;
    const { logger, restartMethod = 'mutate' } = this.#options;
    const wanted = current(restartMethod);
    // A service that was made by the caller cannot be made again.
    const method = this.#sources.every((source) => typeof source === 'function') ? wanted : 'mutate';
    if (method !== wanted)
      logger.warn({ wanted }, 'The services cannot be made again: only mutating options');
    logger.info({ method }, 'Reloading');
    this.#options.onReload?.('begin');
    if (await this.#reloadBy(method)) logger.info({ method }, 'Reloaded');
    this.#options.onReload?.('end');
  }

  async #reloadBy(method: RestartMethod): Promise<boolean> {
    if (!readAgain(this.#options, method)) return false;
    if (method === 'reload') await this.#restart();
    else await resetAll([...this.#beside, ...this.#launched], this.#options.logger);
    return true;
  }

  async #restart(): Promise<void> {
    const { logger, stopTimeout = STOP_TIMEOUT } = this.#options;
    this.#enter('draining');
    const patience = endProcessAfter(current(stopTimeout), logger);
    await stopAll(this.#launched, logger, { replaced: true });
    clearTimeout(patience);
    this.#launched.length = 0;
    if (!this.#stopRequested.signal.aborted) await this.#startServices();
  }

  #enter(state: LauncherState): void {
    if (state === this.#state && state !== 'starting') return;
    this.#state = state;
    this.#options.onState?.(state);
  }

  #assertRunning(): void {
    if (this.#state !== 'running') throw new Error(this.#state);
  }

  async #untilStopRequested(): Promise<void> {
    const { signal } = this.#stopRequested;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}

function nameOf(source: LaunchSource): { launchable?: string } {
  return typeof source === 'function' ? {} : { launchable: source.name };
}
