/** How many places at the front are left empty before the rest moves up. */
const MAX_EMPTY = 1024;

/** A queue whose two ends cost the same, however long it is. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts items in front of all others, in their order. */
  unshift(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.length === 0) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > MAX_EMPTY && this.#head > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Keeps those that fit. */
  filter(fits: (item: T) => boolean): void {
    this.#items = this.#items.slice(this.#head).filter(fits);
    this.#head = 0;
  }
}
