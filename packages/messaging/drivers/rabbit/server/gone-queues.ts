/** How many queues known to be gone are remembered, and for how long (ms). */
const GONE_LIMIT = 200;
const GONE_TTL = 60_000;

/** Reply queues that did not come back in time: their callers have ended. Small, bounded and forgetful. */
export class GoneQueues {
  readonly #until = new Map<string, number>();

  add(queue: string): void {
    this.#until.delete(queue);
    this.#until.set(queue, performance.now() + GONE_TTL);
    if (this.#until.size <= GONE_LIMIT) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }

  has(queue: string): boolean {
    const until = this.#until.get(queue);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#until.delete(queue);
    return false;
  }
}
