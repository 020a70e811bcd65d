import { writeSync } from 'node:fs';

export interface LogSinkOptions {
  /** The most bytes that wait for a lagging reader. Default 1 MiB; one line may exceed it. */
  most?: number;
}

/** Makes the line that says that so many lines are missing. */
export type Notice = (dropped: number) => string;

interface Kind {
  /** How many lines are lost with it: one, or those that a notice counts. */
  lines: number;
  isNotice: boolean;
}

/** Text that could not be written yet. */
interface Waiting extends Kind {
  bytes: Buffer;
  /** Whether a part of it is already written. */
  begun: boolean;
}

const MOST = 2 ** 20;

/** Milliseconds between two tries, doubled from the first to the second. */
const RETRY = { first: 20, last: 1000 };

/** Milliseconds for which the last lines wait at exit for a reader that takes nothing. */
const PATIENCE = 1000;

/** Minimum milliseconds between a failed write and the next: a failure costs much more than a line. */
const PAUSE = 5;

/**
 * Writes lines to a descriptor at once, so that a crash loses none, and never throws or waits: lines that the reader
 * does not take yet are kept up to a limit; beyond it, and while writing fails, lines are dropped and counted. As soon
 * as all kept lines are written, a line says how many are missing.
 *
 * The descriptor must be non-blocking, or of a kind whose writes never block.
 */
export class LogSink {
  readonly #descriptor: number;
  readonly #most: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Dropped lines that no notice counts yet. */
  #unsaid = 0;
  #dropped = 0;
  /** Whether the last write ended in the middle of a line. */
  #torn = false;
  #notice: Notice = () => '';
  /** By performance.now(). */
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #delay = RETRY.first;

  constructor(descriptor: number, { most = MOST }: LogSinkOptions = {}) {
    this.#descriptor = descriptor;
    this.#most = most;
  }

  /** Lines lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string, notice: Notice): void {
    this.#notice = notice;
    if (performance.now() >= this.#pausedUntil) this.#catchUp();
    // Lines after a lost one wait for the notice: the count belongs where the gap is.
    if (this.#unsaid > 0) this.#drop({ lines: 1, isNotice: false });
    else this.#put(line, { lines: 1, isNotice: false });
    this.#tryAgainLater();
  }

  /**
   * Before the process exits: waits for as long as the reader goes on reading, at most a second for one that does not.
   */
  finish(): void {
    let deadline = performance.now() + PATIENCE;
    for (;;) {
      const before = this.#waitingBytes;
      this.#catchUp();
      if (this.#waiting.length === 0) return;
      if (this.#waitingBytes < before) deadline = performance.now() + PATIENCE;
      else if (performance.now() > deadline) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }

  #catchUp(): void {
    const waiting = this.#waiting;
    let done = 0;
    for (const text of waiting) {
      const before = text.bytes.length;
      const isDone = this.#attempt(text);
      this.#waitingBytes -= isDone ? before : before - text.bytes.length;
      if (!isDone) break;
      done += 1;
    }
    waiting.splice(0, done);
    if (waiting.length > 0 || this.#unsaid === 0) return;
    const lines = this.#unsaid;
    this.#unsaid = 0;
    this.#put(this.#notice(lines), { lines, isNotice: true });
  }

  #put(line: string, kind: Kind): void {
    const text = { bytes: Buffer.from(this.#torn ? `\n${line}` : line), begun: false, ...kind };
    const isFirst = this.#waiting.length === 0;
    if (isFirst && this.#attempt(text)) return;
    if (!isFirst && this.#waitingBytes + text.bytes.length > this.#most) {
      this.#drop(text);
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.bytes.length;
  }

  #drop({ lines, isNotice }: Kind): void {
    this.#unsaid += lines;
    // The lines that a notice counts are already lost.
    if (!isNotice) this.#dropped += lines;
  }

  /** False when the reader takes no more and some text is left; a text that cannot be written at all is dropped. */
  #attempt(text: Waiting): boolean {
    let written = 0;
    try {
      while (written < text.bytes.length) written += writeSync(this.#descriptor, text.bytes, written);
      this.#torn = false;
      this.#delay = RETRY.first;
      return true;
    } catch (error) {
      this.#pausedUntil = performance.now() + PAUSE;
      if (written > 0) text.begun = true;
      if (isFull(error)) {
        text.bytes = text.bytes.subarray(written);
        return false;
      }
      // A full file system, a reader or a terminal that has gone: whatever the reason, there is no better place to
      // report it.
      if (text.begun) this.#torn = true;
      this.#drop(text);
      return true;
    }
  }

  #tryAgainLater(): void {
    if (this.#timer || (this.#waiting.length === 0 && this.#unsaid === 0)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#catchUp();
      this.#tryAgainLater();
    }, this.#delay).unref();
    this.#delay = Math.min(this.#delay * 2, RETRY.last);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
