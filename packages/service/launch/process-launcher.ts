import type { JsonObject, Logger } from '@mini-nova/messaging';
import { current } from '../setting.ts';
import { after, settlesWithin } from '../timer.ts';
import type { Launchable, ReadinessChecks, Remark } from './launchable.ts';
import { reportsOf, resetAll, stopAll } from './launched.ts';
import type { Launcher, LauncherState, LaunchOptions, RestartMethod } from './launcher.ts';
import { guardProcess } from './process-guard.ts';
import { readAgain } from './read-again.ts';
import { ReloadQueue } from './reload-queue.ts';
import { onSignals } from './signals.ts';
import { endProcessAfter, QUICK_STOP_TIMEOUT, STOP_TIMEOUT } from './stop-timeout.ts';
import { type WorkerExit, WorkerProcess } from './worker-process.ts';

export interface ProcessLauncherOptions extends LaunchOptions {
  workers: number;
  logger: Logger;
}

/** Seconds beyond a worker's own stop timeout in which it can still end by itself. */
const WORKERS_OWN = 2;

/** One of the `workers` places, and the process in it. */
interface Slot {
  readonly index: number;
  worker?: WorkerProcess | undefined;
  /** Told to stop, after another took its place. */
  predecessor?: WorkerProcess | undefined;
  restartTimer?: NodeJS.Timeout | undefined;
  /** Crashes in a row. */
  crashes: number;
}

/** A worker as its primary sees it, for code that asks workers itself. */
export interface WorkerStatus {
  readonly index: number;
  readonly pid: number | undefined;
  readonly state: LauncherState;
}

/**
 * Runs the main script again in worker processes and keeps their number constant: one that exits is replaced, a
 * crashed one after a growing delay. Passes orders on to them, and exits when all workers have exited.
 */
export class ProcessLauncher implements Launcher {
  readonly #options: ProcessLauncherOptions;
  readonly #slots: Slot[];
  readonly #beside: Launchable[] = [];
  readonly #exitCode: Promise<number>;
  #state: LauncherState = 'starting';
  #failed = false;
  #told: Promise<void> | undefined;
  #failedStarts = 0;
  #patience: NodeJS.Timeout | undefined;
  readonly #reloads = new ReloadQueue(() => this.#reload());
  /** Called at each change of a worker. */
  readonly #watchers = new Set<() => void>();
  #onEmpty: () => void = () => {};

  constructor(options: ProcessLauncherOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, (_, index) => ({ index, crashes: 0 }));
    this.#exitCode = this.#run();
  }

  /** `running` once every worker serves, and from then on, though some of them may be replaced. */
  get state(): LauncherState {
    return this.#state;
  }

  get workers(): WorkerStatus[] {
    return this.#slots.map(({ index, worker }) => ({
      index,
      pid: worker?.pid,
      state: worker?.state ?? 'stopped',
    }));
  }

  /** Each worker runs its own. */
  get checks(): ReadinessChecks {
    const check = (slot: Slot) => async (): Promise<Remark> => {
      if (!slot.worker) throw new Error('it is being replaced');
      return slot.worker.check();
    };
    return Object.fromEntries(this.#slots.map((slot) => [`worker ${slot.index}`, check(slot)]));
  }

  wait(): Promise<number> {
    return this.#exitCode;
  }

  stop({ quick = false }: { quick?: boolean } = {}): void {
    if (this.#isStopping()) return;
    this.#enter('draining');
    this.#told = this.#options.onStopping?.();
    const { logger, stopTimeout = STOP_TIMEOUT } = this.#options;
    const timeout = WORKERS_OWN + (quick ? QUICK_STOP_TIMEOUT : current(stopTimeout));
    this.#patience = after(timeout, () => this.#killWorkers(logger, timeout));
    for (const { worker, predecessor, restartTimer } of this.#slots) {
      clearTimeout(restartTimer);
      for (const each of [worker, predecessor]) each?.stop({ quick, replaced: false });
    }
    this.#changed();
  }

  /**
   * `mutate`: the options of this process and of the workers change in place. `reload`: each worker is replaced by a
   * new process, which serves before the next one is replaced. A further reload gives up a new process that does not
   * serve yet, since the configuration it was started with may be the reason.
   */
  reload(): Promise<void> {
    const reloaded = this.#reloads.request();
    this.#changed();
    return reloaded;
  }

  report(): void {
    const parts: JsonObject = {
      launcher: { state: this.#state, workers: this.workers.map((worker) => ({ ...worker })) },
      ...reportsOf(this.#beside),
    };
    this.#options.writeReport?.(parts);
    this.#tellWorkers({ type: 'mini-nova:report' });
  }

  async superviseWorkers(patience: number): Promise<void> {
    const supervise = async (worker: WorkerProcess): Promise<void> => {
      if (await settlesWithin(worker.ping(), patience)) return;
      const { pid: workerPid } = worker;
      this.#options.logger.error({ workerPid, seconds: patience }, 'A worker does not answer; killing it');
      worker.kill();
    };
    await Promise.all(this.#processes().map(supervise));
  }

  async #run(): Promise<number> {
    const { logger } = this.#options;
    const unguard = guardProcess(logger);
    const unlisten = this.#listen(logger);
    this.#enter('starting');
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    try {
      if (await this.#startBeside()) {
        if (!this.#isStopping()) for (const slot of this.#slots) this.#fork(slot);
        this.#changed();
        await empty;
      }
      await this.#stopBeside();
      await this.#told;
      return this.#failed ? 1 : 0;
    } finally {
      this.#enter('stopped');
      clearTimeout(this.#patience);
      unlisten();
      unguard();
    }
  }

  #enter(state: LauncherState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  #listen(logger: Logger): () => void {
    return onSignals({
      onStop: (signal, { quick }) => {
        logger.info({ reason: signal, quick }, 'Stopping workers');
        this.stop({ quick });
      },
      onForce: (signal) => {
        logger.warn({ reason: signal }, 'Told to stop again; killing workers');
        for (const worker of this.#processes()) worker.kill();
        process.exit(1);
      },
      onReload: () => void this.reload(),
      onReport: () => this.report(),
    });
  }

  async #startBeside(): Promise<boolean> {
    const { logger, beside = [] } = this.#options;
    for (const launchable of beside) {
      try {
        await launchable.start();
        this.#beside.push(launchable);
      } catch (error) {
        logger.error({ err: error, launchable: launchable.name }, 'Could not start');
        this.#failed = true;
        return false;
      }
    }
    return true;
  }

  async #stopBeside(): Promise<void> {
    const patience = endProcessAfter(QUICK_STOP_TIMEOUT, this.#options.logger);
    if (!(await stopAll(this.#beside, this.#options.logger))) this.#failed = true;
    clearTimeout(patience);
  }

  #fork(slot: Slot): WorkerProcess {
    const worker = new WorkerProcess(this.#options.workerEnvironment?.() ?? {}, {
      onState: (_worker, state) => {
        if (state === 'running') this.#onServing(slot, worker);
        this.#changed();
      },
      onExit: (_worker, exit) => {
        this.#onExit(slot, worker, exit);
        this.#changed();
      },
      onError: (_worker, err) =>
        this.#options.logger.error({ err, worker: slot.index }, 'A worker process had an error'),
    });
    slot.worker = worker;
    return worker;
  }

  #onServing(slot: Slot, worker: WorkerProcess): void {
    this.#failedStarts = 0;
    this.#options.logger.info({ worker: slot.index, workerPid: worker.pid }, 'Worker started');
    if (this.#state === 'starting' && this.workers.every(({ state }) => state === 'running')) {
      this.#enter('running');
    }
  }

  #onExit(slot: Slot, worker: WorkerProcess, { code, signal, uptime }: WorkerExit): void {
    const { logger } = this.#options;
    if (slot.predecessor === worker) slot.predecessor = undefined;
    if (this.#isStopping()) {
      if (slot.worker === worker) slot.worker = undefined;
      // A worker that is still starting has no handler yet, so the signal itself may end it.
      if (code !== 0 && signal !== 'SIGTERM') this.#failed = true;
      return;
    }
    if (slot.worker !== worker) {
      if (code !== 0)
        logger.warn({ worker: slot.index, code, signal }, 'A replaced worker did not stop cleanly');
      return;
    }
    slot.worker = undefined;
    if (slot.predecessor && !slot.predecessor.leaving) {
      // The successor did not get up: its predecessor keeps the place.
      slot.worker = slot.predecessor;
      slot.predecessor = undefined;
      return;
    }
    if (uptime === null) this.#failedStarts += 1;
    if (this.#failedStarts >= (this.#options.maxFailedStarts ?? 5)) {
      logger.warn({ worker: slot.index, code, signal }, 'A worker exited');
      this.#giveUp();
      return;
    }
    const restartIn = this.#restartDelay(slot, code, uptime);
    const exit = { worker: slot.index, workerPid: worker.pid, code, signal, restartIn };
    if (code === 0) logger.info(exit, 'A worker has stopped; replacing it');
    else logger.warn(exit, 'A worker exited');
    slot.restartTimer = setTimeout(() => this.#fork(slot), restartIn * 1000);
  }

  /** Seconds until the slot gets its next worker: 0 after an orderly stop and after a first crash. */
  #restartDelay(slot: Slot, code: number | null, uptime: number | null): number {
    if (code === 0 && uptime !== null) return 0;
    const { restartDelay = 0.5, maxRestartDelay = 30 } = this.#options;
    if ((uptime ?? 0) > maxRestartDelay) slot.crashes = 0;
    slot.crashes += 1;
    const delay = restartDelay * 2 ** (slot.crashes - 2);
    return slot.crashes === 1 && uptime !== null
      ? 0
      : Math.min(Math.max(delay, restartDelay), maxRestartDelay);
  }

  #giveUp(): void {
    const { logger } = this.#options;
    logger.error({ failedStarts: this.#failedStarts }, 'Workers exit before they serve; giving up');
    this.#failed = true;
    this.stop();
  }

  async #reload(): Promise<void> {
    if (this.#isStopping()) return;
    const { logger, restartMethod = 'mutate' } = this.#options;
    const method = current(restartMethod);
    logger.info({ method }, 'Reloading');
    this.#options.onReload?.('begin');
    if (await this.#reloadBy(method)) logger.info({ method }, 'Reloaded');
    this.#options.onReload?.('end');
  }

  async #reloadBy(method: RestartMethod): Promise<boolean> {
    if (!readAgain(this.#options, method)) return false;
    await resetAll(this.#beside, this.#options.logger);
    if (method === 'reload') return this.#replaceWorkers();
    this.#tellWorkers({ type: 'mini-nova:reload' });
    return true;
  }

  /** One worker after another; if a new one does not get up, the old one stays and the reload ends. */
  async #replaceWorkers(): Promise<boolean> {
    for (const slot of this.#slots) {
      const predecessor = slot.worker;
      // A worker that fills an empty place reads the configuration anyway.
      if (!predecessor || this.#isStopping()) continue;
      slot.predecessor = predecessor;
      const successor = this.#fork(slot);
      if (!(await this.#getsUp(slot, successor))) return false;
      await this.#retire(slot, predecessor);
    }
    return true;
  }

  /** Resolves with whether it serves; if not, it has ended. */
  async #getsUp(slot: Slot, successor: WorkerProcess): Promise<boolean> {
    const { logger } = this.#options;
    const isSettled = () => successor.state === 'running' || successor.state === 'stopped';
    await this.#until(() => isSettled() || this.#reloads.isWaiting);
    if (successor.state === 'running') return true;
    if (successor.state !== 'stopped') {
      logger.warn({ worker: slot.index }, 'A new worker is not up, and a newer reload waits: giving it up');
      await this.#retire(slot, successor);
    } else if (!this.#isStopping()) {
      logger.error({ worker: slot.index }, 'A new worker did not get up: the others stay');
    }
    return false;
  }

  /** Resolves when a replaced worker has ended; one that hangs is killed. */
  async #retire(slot: Slot, worker: WorkerProcess): Promise<void> {
    const { logger, stopTimeout = STOP_TIMEOUT } = this.#options;
    const seconds = WORKERS_OWN + current(stopTimeout);
    const patience = after(seconds, () => {
      logger.error({ worker: slot.index, seconds, workerPid: worker.pid }, 'A worker hangs; killing it');
      worker.kill();
    });
    worker.stop({ quick: false, replaced: true });
    await this.#until(() => worker.state === 'stopped');
    clearTimeout(patience);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
    if (this.#isStopping() && this.#processes().length === 0) this.#onEmpty();
  }

  #processes(): WorkerProcess[] {
    return this.#slots.flatMap(({ worker, predecessor }) => [worker ?? [], predecessor ?? []].flat());
  }

  #tellWorkers(message: Parameters<WorkerProcess['tell']>[0]): void {
    for (const worker of this.#processes()) worker.tell(message);
  }

  #killWorkers(logger: Logger, seconds: number): void {
    const workers = this.#processes();
    logger.error({ seconds, pids: workers.map(({ pid }) => pid ?? null) }, 'Workers hang; killing them');
    this.#failed = true;
    for (const worker of workers) worker.kill();
  }

  #isStopping(): boolean {
    return this.#state === 'draining' || this.#state === 'stopped';
  }
}
