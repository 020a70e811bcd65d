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
  /** Whether all that it runs can do its work. */
  readonly checks: ReadinessChecks;
  /** Resolves with the process's exit code once everything has stopped; never rejects. */
  wait(): Promise<number>;
  /** Stops, as SIGTERM does; `quick`: as SIGINT. Idempotent. */
  stop(options?: { quick?: boolean }): void;
  /** As SIGHUP. Resolves when it is done; what went wrong is logged. */
  reload(): Promise<void>;
  /** As SIGUSR2. */
  report(): void;
  /** Replaces workers whose event loop has not turned for so many seconds. Resolves when all that are left have answered. */
  superviseWorkers(patience: number): Promise<void>;
}

export interface LaunchOptions {
  /** Default: JSON lines to standard error, under the name of the main script. */
  logger?: Logger;
  /** Run in this process, before and beside the services: in the primary of workers, and in each worker. */
  beside?: readonly Launchable[];
  /**
   * Seconds that a stop may take in all; what hangs longer is ended with the process, or the worker. It should be some
   * seconds above the services' graceful shutdown timeouts. Default 65.
   */
  stopTimeout?: Setting<number>;
  /** Default `mutate`. */
  restartMethod?: Setting<RestartMethod>;
  /** Reads the configuration again, at SIGHUP: what can change only, or `everything`. It may throw. */
  readConfiguration?(everything: boolean): void;
  /** Writes a report, at SIGUSR2: of the process, and of what it runs. */
  writeReport?(parts: JsonObject): void;
  /** Told of each state that the launcher comes to. */
  onState?(state: LauncherState): void;
  /** Told when a reload begins and when it has ended, whatever came of it. */
  onReload?(phase: 'begin' | 'end'): void;
  /** Told once, when it is to stop; the launcher does not end before what is returned does. */
  onStopping?(): Promise<void>;
  /** Added to the environment of workers. */
  workerEnvironment?(): Record<string, string>;
  /** Seconds until a worker that crashed twice is replaced, doubled for each further crash. Default 0.5. */
  restartDelay?: number;
  /** Seconds which that delay never exceeds. Default 30. */
  maxRestartDelay?: number;
  /** So many workers in a row that do not get up end the daemon with 1. Default 5. */
  maxFailedStarts?: number;
}

/**
 * A launchable, or what makes one. A function runs only in the process that then starts the launchable: not in
 * the primary of several workers.
 */
export type LaunchSource = Launchable | (() => Launchable | Promise<Launchable>);
