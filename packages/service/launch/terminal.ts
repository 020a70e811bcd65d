import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];

/** The terminal in which the process was started, if any. */
export class Terminal {
  readonly #descriptors = STANDARD.filter((descriptor) => isatty(descriptor));

  /** Whether there was a terminal that has been closed. */
  get isGone(): boolean {
    return this.#descriptors.some((descriptor) => !isatty(descriptor));
  }

  /**
   * Goes on without it. Otherwise each write to it would fail, and Node.js would abort at exit because it cannot
   * restore the settings of a terminal that has gone.
   */
  leave(): void {
    for (const descriptor of this.#descriptors) {
      if (isatty(descriptor)) continue;
      closeSync(descriptor);
      // The system assigns the lowest free descriptor.
      openSync('/dev/null', 'r+');
    }
  }
}
