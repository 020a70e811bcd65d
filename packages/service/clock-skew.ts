/** Seconds by which a daemon's clock may differ from the one that dates the records, without anybody's being told. */
export const CLOCK_TOLERANCE = 1;

/** How far this machine's clock is from another's, by what the other answers when it is asked for its time. */
export class ClockComparison {
  /** Milliseconds by which this one is ahead, at least and at most. */
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  /** Seconds by which this one is ahead, negative when behind; 0 when the two may agree; null: nothing is known. */
  get seconds(): number | null {
    if (this.#most === Number.POSITIVE_INFINITY) return null;
    if (this.#least <= 0 && this.#most >= 0) return 0;
    return Math.round((this.#least + this.#most) / 2) / 1000;
  }

  /**
   * To be called when the answer has come. The other showed it at some time since it was asked, and no more exactly than
   * it writes times. Several answers say more than one: what contradicts those before is of a clock that was set.
   *
   * @param askedAt by performance.now()
   * @param precision milliseconds
   */
  note(theirs: Date, askedAt: number, precision: number): void {
    const most = Date.now() + 1 - theirs.getTime();
    const least = most - 1 - (performance.now() - askedAt) - precision;
    if (least > this.#most || most < this.#least) {
      [this.#least, this.#most] = [least, most];
    } else {
      [this.#least, this.#most] = [Math.max(least, this.#least), Math.min(most, this.#most)];
    }
  }
}

/** Undefined when the difference is not worth a word. */
export function skewText(seconds: number | null | undefined): string | undefined {
  if (seconds === null || seconds === undefined || Math.abs(seconds) <= CLOCK_TOLERANCE) return undefined;
  return `${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? 'ahead' : 'behind'}`;
}
