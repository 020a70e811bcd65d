/** Captures what a command prints. */
export class CapturedIo {
  #out = '';
  #err = '';
  /** For the command. */
  readonly io = {
    out: (text: string): void => {
      this.#out += text;
    },
    err: (text: string): void => {
      this.#err += text;
    },
  };

  get text(): { out: string; err: string } {
    return { out: this.#out, err: this.#err };
  }
}
