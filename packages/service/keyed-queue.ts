import type { Caller } from './caller.ts';
import { WorkQueue } from './work-queue.ts';

/** A queue for each key: steps of one key run one after another, in the order in which they were asked for. */
export class KeyedQueue {
  readonly #name: string;
  readonly #queues = new Map<string, { queue: WorkQueue; steps: number }>();

  /** `name`: of what is queued. */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Runs `step` once all earlier ones of the key have ended, however they ended; not, when its caller is gone by then.
   * @throws the reason when the caller is gone
   */
  async run<T>(key: string, step: () => Promise<T>, caller?: Caller): Promise<T> {
    const held = this.#queues.get(key) ?? { queue: new WorkQueue({ name: this.#name }), steps: 0 };
    this.#queues.set(key, held);
    held.steps += 1;
    try {
      return await held.queue.run(step, caller);
    } finally {
      held.steps -= 1;
      if (held.steps === 0) this.#queues.delete(key);
    }
  }

  /** True while a step of the key runs or waits. */
  isHeld(key: string): boolean {
    return this.#queues.has(key);
  }
}
