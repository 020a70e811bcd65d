/** What is on a roster, until it is removed. */
export interface RosterEntry<T> {
  readonly item: T;
  previous: RosterEntry<T> | undefined;
  next: RosterEntry<T> | undefined;
}

/**
 * A set for what comes and goes a hundred thousand times a second. It is a linked list, because the tables of a `Set`
 * refer to the tables after them: one that has grown old keeps all later ones, and what was in them, from the young
 * generation's garbage collection.
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

  /** All items, the newest first: a copy, so that they may go meanwhile. */
  items(): T[] {
    const items: T[] = [];
    for (let entry = this.#last; entry !== undefined; entry = entry.previous) items.push(entry.item);
    return items;
  }
}
