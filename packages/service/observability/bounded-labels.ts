/** What every further value counts as once there are enough. */
const OTHER = 'other';
/** Longer values are not names. */
const MAX_LENGTH = 128;

/**
 * The values of a label that others choose. The number of distinct ones is limited, as each costs memory here and at
 * the collector.
 */
export class BoundedLabels {
  readonly #limit: number;
  readonly #known = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value, or `other`. */
  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#limit || value.length > MAX_LENGTH) return OTHER;
    this.#known.add(value);
    return value;
  }
}
