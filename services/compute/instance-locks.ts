import { type Caller, throwIfGone } from '@mini-nova/service';

/** Runs steps that concern one instance after one another, in the order in which they were asked for. */
export class InstanceLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `step` once all earlier ones of the instance have ended, however they ended; not, when its caller is gone by
   * then. A cast has no caller to lose.
   * @throws the reason when the caller is gone
   */
  async run<T>(instanceUuid: string, step: () => Promise<T>, caller?: Caller): Promise<T> {
    throwIfGone(caller);
    const previous = this.#tails.get(instanceUuid) ?? Promise.resolve();
    const running = previous.then(() => {
      throwIfGone(caller);
      return step();
    });
    const tail = running.then(ignore, ignore);
    this.#tails.set(instanceUuid, tail);
    try {
      return await running;
    } finally {
      if (this.#tails.get(instanceUuid) === tail) this.#tails.delete(instanceUuid);
    }
  }

  /** True while a step of the instance runs or waits. */
  isHeld(instanceUuid: string): boolean {
    return this.#tails.has(instanceUuid);
  }
}

function ignore(): void {}
