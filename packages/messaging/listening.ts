import type { Listener } from './drivers/driver.ts';

/** One `start`, until its `stop`. */
interface Run {
  listener: Promise<Listener>;
  /** Gives up a start that still waits for the broker. */
  starting: AbortController;
}

export interface ListeningOptions {
  /** `signal` gives up what has not resolved yet. */
  listen(signal: AbortSignal): Promise<Listener>;
  /** Each time the listener has stopped, however that went. */
  onStopped?(): void;
}

/** A server's listener: started, stopped and started again. `start` and `stop` are idempotent. */
export class Listening {
  readonly #options: ListeningOptions;
  #run: Run | undefined;
  #stopping: Promise<void> = Promise.resolve();

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /** Resolves once messages are delivered. A start that failed can be tried again. */
  async start(): Promise<void> {
    if (this.#run === undefined) {
      const starting = new AbortController();
      const run = { listener: this.#listen(starting.signal), starting };
      this.#run = run;
      run.listener.catch(() => {
        if (this.#run === run) this.#run = undefined;
      });
    }
    await this.#run.listener;
  }

  /** Resolves once the listener has stopped. A start that is still waiting for its broker rejects. */
  async stop(): Promise<void> {
    const run = this.#run;
    if (run !== undefined) {
      this.#run = undefined;
      this.#stopping = this.#stop(run);
    }
    await this.#stopping;
  }

  /** Resolves once a stop under way has ended. What went wrong, `stop` has told. */
  async stopped(): Promise<void> {
    await this.#stopping.catch(() => {});
  }

  async #listen(signal: AbortSignal): Promise<Listener> {
    await this.stopped();
    return this.#options.listen(signal);
  }

  /** A listener that never came to be needs no stopping; `start` has told why. */
  async #stop({ listener, starting }: Run): Promise<void> {
    starting.abort();
    const listening = await listener.catch(() => undefined);
    try {
      await listening?.stop();
    } finally {
      this.#options.onStopped?.();
    }
  }
}
