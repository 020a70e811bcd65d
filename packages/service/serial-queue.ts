/** Runs steps one after another, in the order in which they were asked for. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `step` once all earlier ones have ended, however they ended. */
  run<T>(step: () => Promise<T>): Promise<T> {
    const running = this.#last.then(step);
    this.#last = running.catch(() => {}); // its caller is told; the next one does not depend on it
    return running;
  }
}
