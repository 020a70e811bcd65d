import cluster, { type Worker } from 'node:cluster';
import type { Logger } from '@mini-nova/messaging';
import type { Launcher } from './launcher.ts';
import { guardProcess } from './process-guard.ts';
import { onStopSignals } from './stop-signals.ts';
import { isStarted } from './worker-channel.ts';

export interface WorkerLauncherOptions {
  workers: number;
  logger: Logger;
  /** Seconds until a crashed worker is replaced; doubled for each further crash. */
  restartDelay: number;
  /** Seconds which that delay never exceeds; a worker that lived for longer starts the doubling anew. */
  maxRestartDelay: number;
  /** So many workers in a row that exit before they serve: give up. */
  maxFailedStarts: number;
}

/** One of the `workers` places, and the process in it. */
interface Slot {
  readonly index: number;
  worker?: Worker | undefined;
  startedAt?: number | undefined;
  restartTimer?: NodeJS.Timeout | undefined;
  crashes: number;
}

/**
 * Runs the main script again in worker processes, and keeps their number: a crashed one is replaced after a
 * delay. Passes SIGTERM on, and exits when all workers have.
 */
export class WorkerLauncher implements Launcher {
  readonly #options: WorkerLauncherOptions;
  readonly #slots: Slot[];
  readonly #exitCode: Promise<number>;
  #finish: (exitCode: number) => void = () => {};
  #code = 0;
  #stopping = false;
  #failedStarts = 0;

  constructor(options: WorkerLauncherOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, (_, index) => ({ index, crashes: 0 }));
    this.#exitCode = this.#run();
  }

  wait(): Promise<number> {
    return this.#exitCode;
  }

  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const { worker, restartTimer } of this.#slots) {
      clearTimeout(restartTimer);
      worker?.process.kill('SIGTERM');
    }
    this.#finishWhenEmpty();
  }

  async #run(): Promise<number> {
    const { logger } = this.#options;
    const unguard = guardProcess(logger);
    const unlisten = onStopSignals({
      onStop: (signal) => {
        logger.info({ reason: signal }, 'Stopping workers');
        this.stop();
      },
      onForce: (signal) => {
        logger.warn({ reason: signal }, 'Told to stop again; killing workers');
        for (const { worker } of this.#slots) worker?.process.kill('SIGKILL');
        process.exit(1);
      },
    });
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    for (const slot of this.#slots) this.#fork(slot);
    try {
      return await finished;
    } finally {
      unlisten();
      unguard();
    }
  }

  #fork(slot: Slot): void {
    const worker = cluster.fork();
    slot.worker = worker;
    slot.startedAt = undefined;
    worker.on('message', (message: unknown) => {
      if (isStarted(message)) this.#onStarted(slot);
    });
    worker.once('exit', (code: number | null, signal: string | null) => this.#onExit(slot, code, signal));
    worker.on('error', (error) => {
      this.#options.logger.error({ err: error, worker: slot.index }, 'A worker process had an error');
      // A process that could not be made does not exit, either.
      if (worker.process.pid === undefined) this.#onExit(slot, null, null);
    });
  }

  #onStarted(slot: Slot): void {
    slot.startedAt = performance.now();
    this.#failedStarts = 0;
    this.#options.logger.info({ worker: slot.index, workerPid: slot.worker?.process.pid }, 'Worker started');
  }

  #onExit(slot: Slot, code: number | null, signal: string | null): void {
    const { startedAt } = slot;
    slot.worker = undefined;
    if (this.#stopping) {
      // A worker still starting has no handler yet, so the signal itself may end it.
      if (code !== 0 && signal !== 'SIGTERM') this.#code = 1;
      this.#finishWhenEmpty();
      return;
    }
    if (startedAt === undefined) this.#failedStarts += 1;
    const giveUp = this.#failedStarts >= this.#options.maxFailedStarts;
    const restartIn = giveUp ? undefined : this.#restartDelay(slot, startedAt);
    this.#options.logger.warn({ worker: slot.index, code, signal, restartIn }, 'A worker exited');
    if (restartIn === undefined) this.#giveUp();
    else slot.restartTimer = setTimeout(() => this.#fork(slot), restartIn * 1000);
  }

  /** Seconds until the slot gets its next worker. */
  #restartDelay(slot: Slot, startedAt: number | undefined): number {
    const { restartDelay, maxRestartDelay } = this.#options;
    const uptime = startedAt === undefined ? 0 : (performance.now() - startedAt) / 1000;
    if (uptime > maxRestartDelay) slot.crashes = 0;
    const delay = Math.min(restartDelay * 2 ** slot.crashes, maxRestartDelay);
    slot.crashes += 1;
    return delay;
  }

  #giveUp(): void {
    const { logger } = this.#options;
    logger.error({ failedStarts: this.#failedStarts }, 'Workers exit before they serve; giving up');
    this.#code = 1;
    this.stop();
  }

  #finishWhenEmpty(): void {
    if (this.#slots.every(({ worker }) => worker === undefined)) this.#finish(this.#code);
  }
}
