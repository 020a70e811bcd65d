import type { JsonValue } from '../../../json.ts';

/** How many results may wait for one before them that has not come. */
const HELD_MAX = 10_000;

/** Puts the results of a multicall in order: what was published again may come twice, or behind what came later. */
export class ResultSequence {
  readonly #onResult: (result: JsonValue) => void;
  readonly #held = new Map<number, JsonValue>();
  #next = 0;

  constructor(onResult: (result: JsonValue) => void) {
    this.#onResult = onResult;
  }

  /** How many results have been handed over: all before that place. */
  get complete(): number {
    return this.#next;
  }

  /** False when too many results wait for one that does not come. */
  add(seq: number, result: JsonValue): boolean {
    if (seq < this.#next) return true;
    if (seq > this.#next) {
      this.#held.set(seq, result);
      return this.#held.size <= HELD_MAX;
    }
    this.#handOver(result);
    while (this.#held.size > 0) {
      const held = this.#held.get(this.#next);
      if (held === undefined) return true;
      this.#held.delete(this.#next);
      this.#handOver(held);
    }
    return true;
  }

  #handOver(result: JsonValue): void {
    this.#next += 1;
    this.#onResult(result);
  }
}
