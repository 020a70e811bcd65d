/** Message numbers are below this, so that the memory for them has a fixed size. */
const MOST = 1 << 20;

/** How often each number was seen, in memory that does not grow. */
export class Numbers {
  readonly #counts = new Uint8Array(MOST);
  #highest = -1;

  add(n: number): void {
    const count = this.#counts[n];
    if (count === undefined) throw new RangeError(`number ${n} is above ${MOST}`);
    if (count < 255) this.#counts[n] = count + 1;
    this.#highest = Math.max(this.#highest, n);
  }

  /** By number. */
  counts(): number[] {
    return [...this.#counts.subarray(0, this.#highest + 1)];
  }
}
