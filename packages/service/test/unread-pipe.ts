import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { onTestFinished } from 'vitest';

/** The reading end of a named pipe, which reads only when told to. */
export class UnreadPipe {
  readonly path = join(tempDir('pipe-'), 'pipe');
  #reader: number | undefined;

  constructor() {
    execFileSync('mkfifo', [this.path]);
    this.open();
    onTestFinished(() => this.close());
  }

  open(): void {
    this.#reader = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  close(): void {
    if (this.#reader !== undefined) closeSync(this.#reader);
    this.#reader = undefined;
  }

  /** What the pipe contains now. */
  read(): string {
    const buffer = Buffer.alloc(2 ** 20);
    let text = '';
    for (;;) {
      const length = this.#readOnce(buffer);
      if (length === 0) return text;
      text += buffer.toString('utf8', 0, length);
    }
  }

  #readOnce(buffer: Buffer): number {
    if (this.#reader === undefined) throw new Error('The reader has left');
    try {
      return readSync(this.#reader, buffer);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
      throw error;
    }
  }
}
