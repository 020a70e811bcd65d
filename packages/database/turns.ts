/**
 * Gives timers and sockets their turn between work that need not wait for anything: SQLite's statements, and what
 * follows received answers.
 */
export interface Turns {
  /** Undefined if work may go on at once; otherwise a promise of when it may. */
  pause(): Promise<void> | undefined;
}

/** For a process that does nothing else. */
export const noTurns: Turns = { pause: () => undefined };
