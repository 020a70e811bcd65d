import { Roster } from './roster.ts';

/** Those who wait for one signal, behind a single listener of its own. */
class AbortListeners {
  readonly #signal: AbortSignal;
  readonly #listeners = new Roster<() => void>();
  readonly #tellAll = (): void => {
    for (const listener of this.#listeners.items().reverse()) listener();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(listener: () => void): () => void {
    if (this.#listeners.empty) this.#signal.addEventListener('abort', this.#tellAll);
    const entry = this.#listeners.add(listener);
    return () => {
      this.#listeners.remove(entry);
      if (this.#listeners.empty) this.#signal.removeEventListener('abort', this.#tellAll);
    };
  }
}

const bySignal = new WeakMap<AbortSignal, AbortListeners>();

/**
 * Calls the listener when the signal fires, or at once when it has, until the returned function is called. Thousands of calls may share one
 * signal, while Node.js warns of a leak when a signal has more than ten listeners: here they count as one.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => {};
  }
  let listeners = bySignal.get(signal);
  if (listeners === undefined) {
    listeners = new AbortListeners(signal);
    bySignal.set(signal, listeners);
  }
  return listeners.add(listener);
}
