import type { JsonObject, Logger } from '@mini-nova/messaging';
import type { Setting } from '../setting.ts';
import type { Launchable, ReadinessChecks } from './launchable.ts';

/** The exit code for a configuration that cannot be used. */
export const WRONG_USE = 2;

/** `starting -> running -> draining -> stopped`. */
export type LauncherState = 'starting' | 'running' | 'draining' | 'stopped';

/**
 * What SIGHUP does, as in oslo.service. `mutate`: options that can change do so in place. `reload`: every option is
 * read anew, by services that are stopped and made again; of several workers, one after another.
 */
export type RestartMethod = 'mutate' | 'reload';

/** Runs launchables until the process is told to stop. */
export interface Launcher {
  readonly state: LauncherState;
  /** Whether everything that it runs can do its work. */
  readonly checks: ReadinessChecks;
  /** Resolves with the process's exit code once everything has stopped; never rejects. */
  wait(): Promise<number>;
  /** Stops, as SIGTERM does; `quick`: as SIGINT. Idempotent. */
  stop(options?: { quick?: boolean }): void;
  /** Reloads, as SIGHUP does. Resolves when that is done; failures are logged. */
  reload(): Promise<void>;
  /** Writes a report, as SIGUSR2 does. */
  report(): void;
  /**
   * Replaces workers whose event loop has not turned for so many seconds. Resolves when all remaining ones have
   * answered.
   */
  superviseWorkers(patience: number): Promise<void>;
}

export interface LaunchOptions {
  /** Default: JSON lines to standard error, under the name of the main script. */
  logger?: Logger;
  /** Run in this process, before and beside the services: both in the primary and in each worker. */
  beside?: readonly Launchable[];
  /**
   * Seconds that a whole stop may take; when it hangs longer, the process, or the worker, is ended. It should be some
   * seconds above the services' graceful shutdown timeouts. Default 65.
   */
  stopTimeout?: Setting<number>;
  /** Default `mutate`. */
  restartMethod?: Setting<RestartMethod>;
  /** Reads the configuration again, at SIGHUP: only what can change, or `everything`. It may throw. */
  readConfiguration?(everything: boolean): void;
  /** Writes a report, at SIGUSR2: of the process, and of what it runs. */
  writeReport?(parts: JsonObject): void;
  /** Called with each state that the launcher enters. */
  onState?(state: LauncherState): void;
  /** Called when a reload begins and when it has ended, whatever its outcome. */
  onReload?(phase: 'begin' | 'end'): void;
  /** Called once, when it is told to stop; the launcher does not end before the returned promise settles. */
  onStopping?(): Promise<void>;
  /** Added to the environment of workers. */
  workerEnvironment?(): Record<string, string>;
  /** Seconds until a worker that crashed twice is replaced, doubled for each further crash. Default 0.5. */
  restartDelay?: number;
  /** Seconds which that delay never exceeds. Default 30. */
  maxRestartDelay?: number;
  /** The daemon ends with 1 when so many workers in a row fail to start. Default 5. */
  maxFailedStarts?: number;
}

/**
 * A launchable, or a function that makes one. The function runs only in the process that then starts the launchable,
 * not in the primary of several workers.
 */
export type LaunchSource = Launchable | (() => Launchable | Promise<Launchable>);
