/** Runs reloads one after another. A waiting reload stands for all that are requested until it begins. */
export class ReloadQueue {
  readonly #reload: () => Promise<void>;
  #underWay: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  constructor(reload: () => Promise<void>) {
    this.#reload = reload;
  }

  /** Whether a requested reload has not begun yet. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Reloads requested from now on wait for this. */
  follow(work: Promise<void>): void {
    this.#underWay = work;
  }

  /** Resolves when it is done. */
  request(): Promise<void> {
    this.#waiting ??= this.#underWay.then(() => {
      this.#waiting = undefined;
      return this.#reload();
    });
    this.#underWay = this.#waiting;
    return this.#waiting;
  }
}
