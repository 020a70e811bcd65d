/** Who gives timers and sockets their turn between statements that need not wait for anything. */
export interface Turns {
  /** Undefined: the statement may run at once; otherwise when it may. */
  pause(): Promise<void> | undefined;
}

/** For a process that does nothing else. */
export const noTurns: Turns = { pause: () => undefined };
