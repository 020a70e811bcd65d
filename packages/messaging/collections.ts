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
