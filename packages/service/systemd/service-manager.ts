import type { Logger } from '@mini-nova/messaging';
import type { Launcher, LauncherState, LaunchOptions } from '../launch/launcher.ts';
import { type Notification, Notifications } from './notification.ts';

/** How often the watchdog is fed within its time: more than once, since a starved process is late. */
const FEEDS = 3;

const STATUS = {
  starting: 'Starting',
  running: 'Serving',
  reloading: 'Reloading',
  stopping: 'Stopping: what runs is brought to its end',
};

/**
 * Tells systemd what a daemon is doing, as units of `Type=notify` and `notify-reload` expect it, with or without
 * `WatchdogSec`. Workers send nothing: their primary speaks for all.
 */
export class ServiceManager {
  readonly #notifications: Notifications;
  /** Seconds; undefined: there is no watchdog. */
  readonly #watchdog: number | undefined;
  #launcher: Launcher | undefined;
  #reloading = false;
  #stopping = false;
  #looking = false;
  #feeding: NodeJS.Timeout | undefined;

  private constructor(socket: string, watchdog: number | undefined, logger: Logger) {
    this.#notifications = new Notifications(socket, logger);
    this.#watchdog = watchdog;
  }

  /**
   * Undefined when this process is not run by a service manager. Removes NOTIFY_SOCKET and the like from `env`, so
   * that no program that the daemon runs speaks in its place.
   */
  static find(env: NodeJS.ProcessEnv, logger: Logger): ServiceManager | undefined {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC, WATCHDOG_PID } = env;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
    if (!socket) return undefined;
    const isForUs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
    const watchdog = Number(WATCHDOG_USEC) / 1e6;
    return new ServiceManager(socket, isForUs && watchdog > 0 ? watchdog : undefined, logger);
  }

  get launchOptions(): Pick<LaunchOptions, 'onState' | 'onReload' | 'onStopping'> {
    return {
      onState: (state) => this.#onState(state),
      onReload: (phase) => this.#onReload(phase),
      onStopping: () => this.#onStopping(),
    };
  }

  /** Its workers are looked after whenever the watchdog is fed. */
  watch(launcher: Launcher): void {
    this.#launcher = launcher;
  }

  #onState(state: LauncherState): void {
    if (this.#stopping || this.#reloading) return;
    if (state === 'running') this.#ready();
    else if (state === 'starting') void this.#tell({ STATUS: STATUS.starting });
  }

  #ready(): void {
    // It may have been started by a shell or npm.
    void this.#tell({ READY: 1, MAINPID: process.pid, STATUS: STATUS.running });
    const period = this.#watchdog === undefined ? undefined : this.#watchdog / FEEDS;
    if (period === undefined || this.#feeding) return;
    this.#feeding = setInterval(() => void this.#feed(period), period * 1000).unref();
    void this.#feed(period);
  }

  #onReload(phase: 'begin' | 'end'): void {
    this.#reloading = phase === 'begin';
    if (this.#stopping) return;
    void this.#tell(
      this.#reloading
        ? { RELOADING: 1, MONOTONIC_USEC: monotonic(), STATUS: STATUS.reloading }
        : { READY: 1, STATUS: STATUS.running },
    );
  }

  #onStopping(): Promise<void> {
    this.#stopping = true;
    return this.#tell({ STOPPING: 1, STATUS: STATUS.stopping });
  }

  /**
   * The firing timer shows that this process lives; the launcher checks its workers and ends one that does not answer.
   */
  async #feed(period: number): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    await this.#launcher?.superviseWorkers(period);
    this.#looking = false;
    await this.#tell({ WATCHDOG: 1 });
  }

  #tell(notification: Notification): Promise<void> {
    return this.#notifications.send(notification);
  }
}

/** Microseconds of the clock by which systemd knows which SIGHUP the answer is for. */
function monotonic(): string {
  return String(process.hrtime.bigint() / 1000n);
}
