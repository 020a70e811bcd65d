import { Overloaded } from '../../../errors.ts';

/** Counts the bytes of the messages that wait for the broker to take them, so that they cannot fill the memory. */
export class Outbox {
  readonly #limit: number;
  #bytes = 0;

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Makes room for a message; `release` gives it back. A message larger than the limit goes alone.
   * @throws Overloaded
   */
  take(size: number): void {
    if (this.#bytes > 0 && this.#bytes + size > this.#limit) {
      throw new Overloaded({ what: 'outbox', limit: this.#limit, unit: 'bytes' });
    }
    this.#bytes += size;
  }

  release(size: number): void {
    this.#bytes -= size;
  }
}
