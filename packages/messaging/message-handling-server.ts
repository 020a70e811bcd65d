import type { Listener } from './drivers/driver.ts';

/** One `start`, until its `stop`. */
interface Run {
  listener: Promise<Listener>;
  /** Gives up a start that still waits for the broker. */
  starting: AbortController;
}

/** What takes messages: started, stopped and started again. `start`, `stop` and `wait` are idempotent. */
export abstract class MessageHandlingServer {
  #run: Run | undefined;
  #stopping: Promise<void> = Promise.resolve();

  /**
   * Resolves once messages are delivered. A start that failed can be tried again.
   * @throws MessageDeliveryFailure when the transport is closed, or its broker refuses a queue
   */
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

  /**
   * Takes no new messages; those that came go on. Resolves once the consumers are cancelled. A start that is still
   * waiting for its broker rejects.
   */
  async stop(): Promise<void> {
    const run = this.#run;
    if (run !== undefined) {
      this.#run = undefined;
      this.#stopping = this.#stop(run);
    }
    await this.#stopping;
  }

  /** After `stop`: resolves once all messages that came are handled. */
  async wait(): Promise<void> {
    await this.#stopped();
    await this.handled();
  }

  /** `stop`, then `wait`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.wait();
  }

  /** @param signal gives up what has not resolved yet */
  protected abstract listen(signal: AbortSignal): Promise<Listener>;
  /** Resolves once all messages that came are handled. */
  protected abstract handled(): Promise<void>;
  /** Each time the listener has stopped, however that went. */
  protected onStopped(): void {}

  async #listen(signal: AbortSignal): Promise<Listener> {
    await this.#stopped();
    return this.listen(signal);
  }

  /** A listener that never came to be needs no stopping; `start` has told why. */
  async #stop({ listener, starting }: Run): Promise<void> {
    starting.abort();
    const listening = await listener.catch(() => undefined);
    try {
      await listening?.stop();
    } finally {
      this.onStopped();
    }
  }

  /** Resolves once a stop under way has ended. What went wrong, `stop` has told. */
  async #stopped(): Promise<void> {
    await this.#stopping.catch(() => {});
  }
}
