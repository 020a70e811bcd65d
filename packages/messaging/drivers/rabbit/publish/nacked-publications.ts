import type { Publication } from './publication.ts';

/** How long (ms) to wait before publishing again what the broker has refused to store (`basic.nack`). */
const PAUSE = 500;

/** What the broker has refused to store for now: it is handed back after a pause, all at once. */
export class NackedPublications {
  readonly #onRetry: (publications: readonly Publication[]) => void;
  readonly #publications = new Set<Publication>();
  #timer: NodeJS.Timeout | undefined;

  constructor(onRetry: (publications: readonly Publication[]) => void) {
    this.#onRetry = onRetry;
  }

  get size(): number {
    return this.#publications.size;
  }

  add(publication: Publication): void {
    this.#publications.add(publication);
    this.#timer ??= setTimeout(() => this.#onRetry(this.takeAll()), PAUSE).unref();
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
