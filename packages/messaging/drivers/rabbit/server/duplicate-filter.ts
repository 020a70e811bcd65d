const GENERATION_SIZE = 32_768;

/**
 * Recognises messages that arrive twice: delivered again because the acknowledgement was lost, or published
 * again because the confirmation was. Remembers at least the last `size` ids and at most twice as many.
 */
export class DuplicateFilter {
  readonly #size: number;
  #current = new Set<string>();
  #previous = new Set<string>();

  constructor(size = GENERATION_SIZE) {
    this.#size = size;
  }

  has(id: string): boolean {
    return this.#current.has(id) || this.#previous.has(id);
  }

  /** Notes the id; true when it is new. */
  add(id: string): boolean {
    if (this.has(id)) return false;
    this.#current.add(id);
    if (this.#current.size >= this.#size) {
      this.#previous = this.#current;
      this.#current = new Set();
    }
    return true;
  }
}
