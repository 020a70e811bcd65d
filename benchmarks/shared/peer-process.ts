import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endWithThisProcess, forget } from '@mini-nova/testing';

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** Milliseconds that a process may take to end after its input has ended. */
const END_GRACE = 10_000;

/**
 * A process, in any language, that answers requests: they go to its standard input, and answers come from its file
 * descriptor 3, each a line of JSON. Its output and errors are shown as they come.
 */
export class PeerProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #waiters = new Map<number, Waiter>();
  readonly #ended: Promise<void>;
  #end: Error | undefined;
  #lastId = 0;

  constructor(name: string, command: string, args: readonly string[]) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 2, 'inherit', 'pipe'], detached: true });
    const { pid } = this.#child;
    if (pid !== undefined) endWithThisProcess('group', pid);
    createInterface({ input: this.#child.stdio[3] as Readable }).on('line', (line) => this.#onAnswer(line));
    // That a process has ended is noticed elsewhere; what is still written to it is lost.
    this.#child.stdin?.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      const end = (reason: string): void => {
        if (pid !== undefined) forget('group', pid);
        this.#end = new Error(`${name} has ended (${reason})`);
        for (const waiter of this.#waiters.values()) waiter.reject(this.#end);
        this.#waiters.clear();
        resolve();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('exit', (code, signal) => end(String(signal ?? code)));
    });
  }

  /** @throws Error with the process's own message when it could not do it, or has ended */
  request<T>(method: string, args: object = {}): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<T>((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      this.#waiters.set(id, { resolve: (result) => resolve(result as T), reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, method, args })}\n`);
    });
  }

  /** Lets it end, and kills it when it does not. Idempotent. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_GRACE);
    this.#child.stdin?.end();
    await this.#ended;
    clearTimeout(timer);
  }

  #onAnswer(line: string): void {
    const { id, result, error } = JSON.parse(line) as Answer;
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (error === undefined) waiter?.resolve(result);
    else waiter?.reject(new Error(`${this.#name}: ${error}`));
  }
}
