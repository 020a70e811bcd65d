import type { Logger } from '@mini-nova/messaging';
import type { Launchable } from './launchable.ts';
import type { Launcher, LaunchSource } from './launcher.ts';
import { guardProcess } from './process-guard.ts';

export interface ProcessLauncherOptions {
  logger: Logger;
  /** Calls back when the process is to stop or to exit at once; returns what ends listening. */
  listen(handlers: { onStop(reason: string): void; onForce(reason: string): void }): () => void;
  /** Called once everything has started. */
  onStarted?: () => void;
}

/** Starts launchables in order in this process, and stops them in the opposite order. */
export class ProcessLauncher implements Launcher {
  readonly #sources: readonly LaunchSource[];
  readonly #options: ProcessLauncherOptions;
  readonly #launched: Launchable[] = [];
  readonly #stopRequested = new AbortController();
  readonly #exitCode: Promise<number>;

  constructor(sources: readonly LaunchSource[], options: ProcessLauncherOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#exitCode = this.#run();
  }

  wait(): Promise<number> {
    return this.#exitCode;
  }

  stop(): void {
    this.#stopRequested.abort();
  }

  async #run(): Promise<number> {
    const { logger, listen } = this.#options;
    const unguard = guardProcess(logger);
    const unlisten = listen({
      onStop: (reason) => {
        logger.info({ reason }, 'Stopping');
        this.stop();
      },
      onForce: (reason) => {
        logger.warn({ reason }, 'Told to stop again; exiting at once');
        process.exit(1);
      },
    });
    // A daemon with nothing open (memory transport) must not end by itself.
    const keepAlive = setInterval(() => {}, 2 ** 30);
    try {
      const started = await this.#startUnlessStopped();
      if (started) await this.#untilStopRequested();
      const stopped = await this.#stopAll();
      return started && stopped ? 0 : 1;
    } finally {
      clearInterval(keepAlive);
      unlisten();
      unguard();
    }
  }

  /** False when something could not start; true as well when a stop was asked for meanwhile. */
  async #startUnlessStopped(): Promise<boolean> {
    const starting = this.#startAll();
    return Promise.race([starting, this.#untilStopRequested().then(() => true)]);
  }

  async #startAll(): Promise<boolean> {
    const { signal } = this.#stopRequested;
    const { logger, onStarted } = this.#options;
    for (const source of this.#sources) {
      try {
        const launchable = typeof source === 'function' ? await source() : source;
        this.#launched.push(launchable);
        if (signal.aborted) return await this.#stopOne(launchable);
        await launchable.start();
      } catch (error) {
        // What a stop interrupts has not failed.
        if (!signal.aborted) logger.error({ err: error, ...nameOf(source) }, 'Could not start');
        return signal.aborted;
      }
    }
    onStarted?.();
    return true;
  }

  async #stopAll(): Promise<boolean> {
    let clean = true;
    for (const launchable of [...this.#launched].reverse()) {
      clean = (await this.#stopOne(launchable)) && clean;
    }
    return clean;
  }

  async #stopOne(launchable: Launchable): Promise<boolean> {
    try {
      await launchable.stop();
      return true;
    } catch (error) {
      this.#options.logger.error({ err: error, launchable: launchable.name }, 'Could not stop cleanly');
      return false;
    }
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
