import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endWithThisProcess, forget, pythonWithOsloMessaging } from '@mini-nova/testing';

const KEPT_STDERR = 256 * 1024;

/** An exception in the Python process. */
export class PythonError extends Error {
  /** The exception's class. One that oslo.messaging rebuilt from a reply has `_Remote` added. */
  readonly type: string;
  readonly module: string;
  /** The classes that it extends. */
  readonly bases: readonly string[];
  readonly args: readonly string[];
  readonly kwargs: Record<string, unknown>;

  constructor(data: Failure) {
    super(data.message);
    this.type = data.type;
    this.module = data.module;
    this.bases = data.bases;
    this.args = data.args;
    this.kwargs = data.kwargs;
  }
}

interface Failure {
  type: string;
  module: string;
  message: string;
  bases: string[];
  args: string[];
  kwargs: Record<string, unknown>;
}

type Answer = { id: number; result: unknown } | { id: number; error: Failure };

let python: Promise<string> | undefined;

/** A Python script that answers JSON lines. It ends at the latest with this process. */
export class PythonProcess {
  /** The end of what it wrote to standard error: its log. */
  stderr = '';
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #commands = 0;

  private constructor(process: ChildProcessWithoutNullStreams) {
    this.#process = process;
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-KEPT_STDERR);
    });
    createInterface(process.stdout).on('line', (line) => this.#settle(JSON.parse(line)));
    // Once it has ended, nobody reads; waiting callers are told below.
    process.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      process.once('close', (code, signal) => {
        this.#failAll(`ended with ${code ?? signal}`);
        resolve();
      });
    });
  }

  static async start(script: string): Promise<PythonProcess> {
    python ??= pythonWithOsloMessaging();
    const child = spawn(await python, ['-B', '-W', 'ignore', script], { detached: true });
    const { pid } = child;
    if (pid !== undefined) {
      endWithThisProcess('group', pid);
      child.once('close', () => forget('group', pid));
    }
    return new PythonProcess(child);
  }

  /**
   * @throws PythonError when the command raised an exception
   * @throws Error with the log when the process has ended
   */
  run(command: object): Promise<unknown> {
    this.#commands += 1;
    const id = this.#commands;
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        reject(this.#endedError('has ended before'));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ ...command, id })}\n`);
    });
  }

  /** SIGSTOP: it gets no processor but keeps its connections. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Like a crash: nothing is closed in an orderly way. Waiting callers get an error. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(new PythonError(answer.error));
    else waiting?.resolve(answer.result);
  }

  #failAll(how: string): void {
    const error = this.#endedError(how);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #endedError(how: string): Error {
    return new Error(`The Python peer ${how}. Its log:\n${this.stderr}`);
  }
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}
