import type { Publication } from './publication.ts';

/** How long (ms) to wait before publishing again what the broker has refused to store (`basic.nack`). */
const PAUSE = 500;
/** A message that was refused so often, one time after the other, makes its channel suspect. */
const SUSPICIOUS = 2;
/** Milliseconds between two suspicions: a queue that is full refuses messages on any channel. */
const SUSPICION_PAUSE = 5_000;

/** What the broker has refused to store for now: it is handed back after a pause, all at once. */
export class NackedPublications {
  readonly #onRetry: (publications: readonly Publication[]) => void;
  readonly #publications = new Set<Publication>();
  /** How often each was refused. */
  readonly #times = new WeakMap<Publication, number>();
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(onRetry: (publications: readonly Publication[]) => void) {
    this.#onRetry = onRetry;
  }

  get size(): number {
    return this.#publications.size;
  }

  /**
   * True when the channel is to be replaced: a quorum queue whose leader was lost goes on refusing what comes over a
   * channel that knew that leader, and takes it over another.
   */
  add(publication: Publication): boolean {
    this.#publications.add(publication);
    this.#timer ??= setTimeout(() => this.#onRetry(this.takeAll()), PAUSE).unref();
    const times = (this.#times.get(publication) ?? 0) + 1;
    this.#times.set(publication, times);
    const now = performance.now();
    if (times < SUSPICIOUS || now - this.#suspectedAt < SUSPICION_PAUSE) return false;
    this.#suspectedAt = now;
    return true;
  }

  delete(publication: Publication): void {
    this.#publications.delete(publication);
  }

  takeAll(): Publication[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = [...this.#publications];
    this.#publications.clear();
    return all;
  }
}
