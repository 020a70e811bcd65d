/** Who gives timers and sockets their turn between what need not wait for anything: SQLite's statements, and what follows answers that have come. */
export interface Turns {
  /** Undefined: it may go on at once; otherwise when it may. */
  pause(): Promise<void> | undefined;
}

/** For a process that does nothing else. */
export const noTurns: Turns = { pause: () => undefined };
