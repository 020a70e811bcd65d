import { Fifo } from '@mini-nova/event-loop';
import { Overloaded } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { onAbort } from '../waits.ts';

/** Takes the results of a method that yields several, and counts them. */
export class ResultSink {
  readonly #send: (result: JsonValue) => Promise<void>;
  /** How many were sent; undefined for a method that has one result. */
  count: number | undefined;

  /** @param send resolves when the next may be sent */
  constructor(send: (result: JsonValue) => Promise<void>) {
    this.#send = send;
  }

  /**
   * Sends what the method yields, one after another. When the signal fires, or a result cannot be sent, the iterator
   * is told to return, and has then ended.
   *
   * @throws the signal's reason, what the iterator throws, or what `toJson` throws
   */
  async sendAll(
    results: AsyncIterable<unknown>,
    signal: AbortSignal,
    toJson: (r: unknown) => JsonValue,
  ): Promise<void> {
    this.count = 0;
    const iterator = results[Symbol.asyncIterator]();
    for (;;) {
      const next = iterator.next();
      try {
        const { done, value } = await unlessAborted(signal, next);
        if (done) return;
        await unlessAborted(signal, this.#send(toJson(value)));
        this.count += 1;
      } catch (error) {
        await returnUnlessEnded(iterator, next);
        throw error;
      }
    }
  }
}

export function isResultStream(result: unknown): result is AsyncIterable<unknown> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
}

/** Resolves once the iterator has ended; one that has thrown had ended by itself. @throws what its end throws */
async function returnUnlessEnded(
  iterator: AsyncIterator<unknown>,
  last: Promise<IteratorResult<unknown>>,
): Promise<void> {
  const [step, returned] = await Promise.allSettled([last, iterator.return?.()]);
  if (step.status === 'fulfilled' && returned.status === 'rejected') throw returned.reason;
}

/** The outcome of the work, or the signal's reason if that comes first. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stopWatching = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stopWatching = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stopWatching();
  }
}

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
      const error = new Overloaded({ what: 'stream', limit: this.#limit, unit: 'bytes' });
      this.end({ error });
      this.#onOverflow(error);
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
}
