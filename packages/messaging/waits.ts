import { setImmediate as turn } from 'node:timers/promises';
import { Roster } from './collections.ts';

/** Counts what is under way. */
export class InFlight {
  #count = 0;
  #waiters: (() => void)[] = [];

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }
}

/**
 * Waits until the promise is settled, or until so many milliseconds have passed, and all was read that had come by then:
 * then false. Rejects only as it does.
 */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(overAfterReading()), milliseconds);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Timers run before pending input of sockets is read. */
async function overAfterReading(): Promise<false> {
  await turn();
  await turn();
  return false;
}

/** The listeners of one signal, behind a single listener on the signal itself. */
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
