/** What a command prints, kept. */
export class CapturedIo {
  #out = '';
  #err = '';
  /** What the command gets. */
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
