/** Resources of this host that are held for a build. */
export class Claim {
  readonly #end: (outcome: 'kept' | 'released') => void;
  #ended = false;

  constructor(end: (outcome: 'kept' | 'released') => void) {
    this.#end = end;
  }

  /** The instance runs and keeps them. */
  keep(): void {
    this.#finish('kept');
  }

  /** The build failed. Only the first of `keep` and `release` counts. */
  release(): void {
    this.#finish('released');
  }

  #finish(outcome: 'kept' | 'released'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(outcome);
  }
}
