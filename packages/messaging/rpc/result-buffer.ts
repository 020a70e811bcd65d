import { Overloaded } from '../errors.ts';
import { Fifo } from '../fifo.ts';
import type { JsonValue } from '../json.ts';

interface Item {
  result: JsonValue;
  bytes: number;
}

/** The results of a multicall that its reader has not taken yet, up to so many bytes. */
export class ResultBuffer {
  readonly #limit: number;
  readonly #onOverflow: (error: Overloaded) => void;
  readonly #items = new Fifo<Item>();
  #bytes = 0;
  #end: { error?: unknown } | undefined;
  #wake: () => void = () => {};

  /** @param onOverflow told once, when more is pushed than `limit` bytes */
  constructor(limit: number, onOverflow: (error: Overloaded) => void) {
    this.#limit = limit;
    this.#onOverflow = onOverflow;
  }

  push(result: JsonValue): void {
    if (this.#end !== undefined) return;
    // The first fits, however large it is: it is in memory already.
    const bytes = this.#items.size === 0 ? 0 : Buffer.byteLength(JSON.stringify(result));
    if (this.#bytes + bytes > this.#limit) {
      this.#overflow();
      return;
    }
    this.#items.push({ result, bytes });
    this.#bytes += bytes;
    this.#wake();
  }

  /** No more comes: all is well, or the error is what the reader gets after what there is. Once. */
  end(outcome: { error?: unknown } = {}): void {
    this.#end ??= outcome;
    this.#wake();
  }

  /** The next result, in order; undefined at the end. One reader at a time. */
  async take(): Promise<Item | undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#bytes -= item.bytes;
        return item;
      }
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #overflow(): void {
    const error = new Overloaded({ what: 'stream', limit: this.#limit, unit: 'bytes' });
    this.end({ error });
    this.#onOverflow(error);
  }
}
