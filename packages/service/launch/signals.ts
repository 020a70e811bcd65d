import { Terminal } from './terminal.ts';

/** Milliseconds. One Ctrl-C can arrive twice: from the terminal, and from npm, which passes it on. */
const SAME_KEYSTROKE = 250;

export interface SignalHandlers {
  /** The first SIGTERM, or SIGINT, which is `quick`; or the terminal has gone. */
  onStop(signal: NodeJS.Signals, options: { quick: boolean }): void;
  /** A further one: someone does not want to wait. */
  onForce(signal: NodeJS.Signals): void;
  /** SIGHUP. */
  onReload(): void;
  /** SIGUSR2. */
  onReport(): void;
}

/** Listens for a daemon's signals. Returns a function that stops listening. */
export function onSignals(handlers: SignalHandlers): () => void {
  const terminal = new Terminal();
  let firstAt: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      handlers.onStop(signal, { quick: signal === 'SIGINT' });
    } else if (signal !== 'SIGINT' || performance.now() - firstAt > SAME_KEYSTROKE) {
      handlers.onForce(signal);
    }
  };
  // A terminal that is closed sends SIGHUP too, and is no longer a terminal.
  const hangUp = (signal: NodeJS.Signals): void => {
    if (terminal.isGone) {
      terminal.leave();
      stop(signal);
    } else handlers.onReload();
  };
  return listen({ SIGTERM: stop, SIGINT: stop, SIGHUP: hangUp, SIGUSR2: () => handlers.onReport() });
}

/** Returns a function that stops listening. */
export function listen(
  listeners: Partial<Record<NodeJS.Signals, (signal: NodeJS.Signals) => void>>,
): () => void {
  const entries = Object.entries(listeners);
  for (const [signal, listener] of entries) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of entries) process.off(signal, listener);
  };
}
