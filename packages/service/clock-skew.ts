/** Seconds by which a daemon's clock may differ from the one that dates the records before this is reported. */
export const CLOCK_TOLERANCE = 1;

/** How far this machine's clock is from another's, judged by the other's answers when asked for its time. */
export class ClockComparison {
  /** Milliseconds by which this clock is ahead, at least and at most. */
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  /**
   * Seconds by which this clock is ahead, negative when behind; 0 when the two may agree; null when nothing is known.
   */
  get seconds(): number | null {
    if (this.#most === Number.POSITIVE_INFINITY) return null;
    if (this.#least <= 0 && this.#most >= 0) return 0;
    return Math.round((this.#least + this.#most) / 2) / 1000;
  }

  /**
   * To be called when the answer has come. The other clock showed that time at some moment since it was asked, and no
   * more exactly than it writes times. Several answers narrow the difference; one that contradicts those before means
   * that a clock was set.
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

/** Undefined when the difference is not worth mentioning. */
export function skewText(seconds: number | null | undefined): string | undefined {
  if (seconds === null || seconds === undefined || Math.abs(seconds) <= CLOCK_TOLERANCE) return undefined;
  return `${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? 'ahead' : 'behind'}`;
}
