import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];

/** The terminal that a process was started in, if it was. */
export class Terminal {
  readonly #descriptors = STANDARD.filter((descriptor) => isatty(descriptor));

  /** It was there, and has been closed. */
  get isGone(): boolean {
    return this.#descriptors.some((descriptor) => !isatty(descriptor));
  }

  /**
   * Goes on without it. Otherwise each write to it would fail, and Node.js abort when it exits, as it cannot restore the
   * settings of a terminal that is gone.
   */
  leave(): void {
    for (const descriptor of this.#descriptors) {
      if (isatty(descriptor)) continue;
      closeSync(descriptor);
      // The system gives the lowest number that is free.
      openSync('/dev/null', 'r+');
    }
  }
}
