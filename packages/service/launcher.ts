import type { Logger } from '@mini-nova/messaging';
import type { Launchable } from './launchable.ts';

/** Runs launchables until the process is told to stop. */
export interface Launcher {
  /** Resolves with the process's exit code once everything has stopped; never rejects. */
  wait(): Promise<number>;
  /** Stops, as SIGTERM does. Idempotent. */
  stop(): void;
}

export interface LaunchOptions {
  /** Default: JSON lines to standard error, under the name of the main script. */
  logger?: Logger;
  /** Seconds until a crashed worker is replaced; doubled for each further crash. Default 0.5. */
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
