const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** One Ctrl-C can arrive twice: from the terminal and from npm, which passes it on. Milliseconds. */
const SAME_KEYSTROKE = 250;

export interface StopSignalHandlers {
  /** The first signal. */
  onStop(signal: NodeJS.Signals): void;
  /** A further one: somebody does not want to wait. */
  onForce(signal: NodeJS.Signals): void;
}

/** Listens for SIGTERM and SIGINT. Returns what ends it. */
export function onStopSignals({ onStop, onForce }: StopSignalHandlers): () => void {
  let firstAt: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      onStop(signal);
    } else if (signal !== 'SIGINT' || performance.now() - firstAt > SAME_KEYSTROKE) {
      onForce(signal);
    }
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handle);
  };
}
