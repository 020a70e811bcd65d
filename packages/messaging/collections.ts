/** A copy without what is undefined: what is left out of options stays as it was. */
export function given<T extends object>(options: T): Partial<T> {
  const copy: Partial<T> = {};
  for (const name of Object.keys(options) as (keyof T)[]) {
    if (options[name] !== undefined) copy[name] = options[name];
  }
  return copy;
}

/** What is on a roster, until it is removed. */
export interface RosterEntry<T> {
  readonly item: T;
  previous: RosterEntry<T> | undefined;
  next: RosterEntry<T> | undefined;
}

/**
 * A set for items that come and go a hundred thousand times a second. It is a linked list, because the tables of a
 * `Set` refer to the tables after them: one that has grown old keeps all later ones, with their contents, from the
 * young generation's garbage collection.
 */
export class Roster<T> {
  #last: RosterEntry<T> | undefined;

  get empty(): boolean {
    return this.#last === undefined;
  }

  /** The entry is what `remove` takes. */
  add(item: T): RosterEntry<T> {
    const entry: RosterEntry<T> = { item, previous: this.#last, next: undefined };
    if (this.#last !== undefined) this.#last.next = entry;
    this.#last = entry;
    return entry;
  }

  /** Idempotent. */
  remove(entry: RosterEntry<T>): void {
    const { previous, next } = entry;
    if (this.#last === entry) this.#last = previous;
    if (previous !== undefined) previous.next = next;
    if (next !== undefined) next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
  }

  /** All items, the newest first: a copy, so that items may be removed meanwhile. */
  items(): T[] {
    const items: T[] = [];
    for (let entry = this.#last; entry !== undefined; entry = entry.previous) items.push(entry.item);
    return items;
  }
}

/** The places of taken items are freed in batches of this size. */
const LOT = 1024;

/** A queue with constant costs at both ends, however long it is. */
export class Fifo<T> implements Iterable<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** What `shift` takes next. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts items in front of all others, in their order. */
  unshift(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    // A taken item must not be kept alive from here.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.size === 0) this.clear();
    else if (this.#head >= LOT && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Keeps those that fit. */
  filter(fits: (item: T) => boolean): void {
    this.#items = [...this].filter(fits);
    this.#head = 0;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item !== undefined) yield item;
    }
  }
}

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
