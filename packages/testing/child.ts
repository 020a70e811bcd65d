import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { ChildProcessError } from './errors.ts';
import { endWithThisProcess, forget } from './reaper.ts';

const KEPT_OUTPUT = 4 * 1024 * 1024;

export interface ChildOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Run as this user and group; needs root. */
  uid?: number;
  gid?: number;
  /** Its whole standard input; absent: empty. */
  input?: string;
}

/**
 * A process in its own process group, whose output is kept. It gets no terminal signal of ours (Ctrl-C),
 * and ends at the latest with this process.
 */
export class Child {
  readonly pid: number;
  /** Resolves with the exit code, or the signal's name, when it has ended and its output is complete. */
  readonly ended: Promise<number | NodeJS.Signals>;
  stdout = '';
  stderr = '';
  /** Both streams, in the order of arrival. */
  output = '';
  private readonly name: string;
  private readonly handle: ChildProcess;
  private readonly readers = new Set<() => void>();
  private result: number | NodeJS.Signals | undefined;

  private constructor(name: string, handle: ChildProcess, pid: number) {
    this.name = name;
    this.handle = handle;
    this.pid = pid;
    handle.stdout?.setEncoding('utf8').on('data', (text: string) => this.read('stdout', text));
    handle.stderr?.setEncoding('utf8').on('data', (text: string) => this.read('stderr', text));
    this.ended = new Promise((resolve) => {
      handle.once('close', (code, signal) => resolve(this.finish(code ?? signal ?? 1)));
    });
  }

  static start(command: string, args: readonly string[], options: ChildOptions = {}): Promise<Child> {
    const { input, ...others } = options;
    const stdin = input === undefined ? 'ignore' : 'pipe';
    const spawnOptions: SpawnOptions = { ...others, stdio: [stdin, 'pipe', 'pipe'], detached: true };
    const handle = spawn(command, args, spawnOptions);
    // A process that ends without reading it says so by its exit code.
    handle.stdin?.on('error', () => {}).end(input);
    return new Promise((resolve, reject) => {
      handle.once('error', reject);
      handle.once('spawn', () => {
        const { pid } = handle;
        if (pid === undefined) return reject(new Error(`${command} has no process id`));
        endWithThisProcess('group', pid);
        resolve(new Child([command, ...args].join(' '), handle, pid));
      });
    });
  }

  get running(): boolean {
    return this.result === undefined;
  }

  /** Sends a signal to the process alone, or to its whole group. */
  signal(signal: NodeJS.Signals, whom: 'process' | 'group' = 'process'): void {
    if (this.handle.exitCode !== null || this.handle.signalCode !== null) {
      if (whom === 'process' || !this.running) return;
    }
    try {
      process.kill(whom === 'group' ? -this.pid : this.pid, signal);
    } catch (error) {
      // It has just ended, which is what was wanted.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** From here on it does not keep this process from ending, and it ends with it. */
  release(): void {
    this.handle.unref();
    for (const stream of [this.handle.stdout, this.handle.stderr])
      if (stream instanceof Socket) stream.unref();
  }

  /** Asks the group to end, and kills it if it has not done so within `grace` seconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', grace = 10): Promise<number | NodeJS.Signals> {
    this.signal(signal, 'group');
    this.handle.ref();
    const timer = setTimeout(() => this.signal('SIGKILL', 'group'), grace * 1000);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits until the output has a line that matches, also one printed before; `timeout` in seconds. */
  async waitForLine(pattern: RegExp, timeout = 120): Promise<string> {
    const find = (): string | undefined => this.output.split('\n').find((line) => pattern.test(line));
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.readers.delete(look);
        clearTimeout(timer);
      };
      const fail = (why: string): void => {
        done();
        reject(new ChildProcessError(`${this.name}: ${why} before a line like ${pattern}`, this.output));
      };
      const look = (): void => {
        const line = find();
        if (line !== undefined) {
          done();
          resolve(line);
        } else if (!this.running) fail(`ended with ${this.result}`);
      };
      const timer = setTimeout(() => fail(`${timeout} s passed`), timeout * 1000);
      this.readers.add(look);
      look();
    });
  }

  /** Throws, with the output, when the process has ended. */
  assertRunning(): void {
    if (!this.running) throw new ChildProcessError(`${this.name} ended with ${this.result}`, this.output);
  }

  private read(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] = (this[stream] + text).slice(-KEPT_OUTPUT);
    this.output = (this.output + text).slice(-KEPT_OUTPUT);
    for (const look of [...this.readers]) look();
  }

  private finish(result: number | NodeJS.Signals): number | NodeJS.Signals {
    this.result = result;
    forget('group', this.pid);
    for (const look of [...this.readers]) look();
    return result;
  }
}
