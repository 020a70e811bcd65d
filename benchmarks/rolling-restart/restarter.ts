import { DaemonProcess, type DaemonProcessOptions } from './daemon-process.ts';

/** How the daemon is restarted. */
export type RestartMode = 'workers' | 'whole';

/** Restarts a daemon, or its workers one after another. */
export class Restarter {
  readonly #options: DaemonProcessOptions;
  readonly #mode: RestartMode;
  #daemon: DaemonProcess;
  /** How long (s) each restart took: from the signal until all workers serve again. */
  readonly seconds: number[] = [];

  private constructor(mode: RestartMode, options: DaemonProcessOptions, daemon: DaemonProcess) {
    this.#mode = mode;
    this.#options = options;
    this.#daemon = daemon;
  }

  static async start(mode: RestartMode, options: DaemonProcessOptions): Promise<Restarter> {
    return new Restarter(mode, options, await DaemonProcess.start(options));
  }

  /** The present daemon. */
  get daemon(): DaemonProcess {
    return this.#daemon;
  }

  async restart(): Promise<void> {
    const begin = performance.now();
    if (this.#mode === 'whole') await this.#restartWhole();
    else await this.#daemon.restartWorker(this.seconds.length % this.#options.workers);
    this.seconds.push((performance.now() - begin) / 1000);
  }

  async #restartWhole(): Promise<void> {
    const exitCode = await this.#daemon.stop();
    if (exitCode !== 0) this.#options.onTrouble(`the daemon ended with ${exitCode}`);
    this.#daemon = await DaemonProcess.start(this.#options);
  }
}
