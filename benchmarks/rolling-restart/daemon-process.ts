import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endWithThisProcess, forget, waitFor } from '@mini-nova/testing';

export interface DaemonProcessOptions {
  /** The arguments of `node`: the main script and its arguments. */
  args: readonly string[];
  workers: number;
  /** Called with each line of output that is a warning or worse, or not a log line at all. */
  onTrouble(message: string): void;
}

interface LogLine {
  level: string;
  msg: string;
  worker?: number;
  workerPid?: number;
}

/** Seconds that a start, or a stop, may take. */
const PATIENCE = 90;

/** A daemon with workers, seen through its log. */
export class DaemonProcess {
  readonly #options: DaemonProcessOptions;
  readonly #child: ChildProcess;
  /** The serving processes, by the number of their place; for a daemon without workers, the daemon itself. */
  readonly #serving = new Map<number, number>();
  readonly #watchers = new Set<() => void>();
  #exitCode: number | NodeJS.Signals | undefined;

  private constructor(options: DaemonProcessOptions) {
    this.#options = options;
    this.#child = spawn(process.execPath, options.args, { stdio: ['ignore', 2, 'pipe'], detached: true });
    const { pid, stderr } = this.#child;
    if (pid !== undefined) endWithThisProcess('group', pid);
    createInterface({ input: stderr as Readable }).on('line', (line) => this.#onLine(line));
    this.#child.once('close', (code, signal) => {
      if (pid !== undefined) forget('group', pid);
      this.#exitCode = code ?? signal ?? 1;
      this.#changed();
    });
  }

  /** Resolves when all workers serve. */
  static async start(options: DaemonProcessOptions): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(options);
    await daemon.#until('to serve', () => daemon.#serving.size === options.workers);
    return daemon;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the daemon has no process');
    return pid;
  }

  /** The workers' process ids; none when the daemon does the work itself. */
  get workers(): number[] {
    return this.#options.workers === 1 ? [] : [...this.#serving.values()];
  }

  /** SIGTERM to one worker; resolves when it has gone and another serves in its place. */
  async restartWorker(place: number): Promise<void> {
    const pid = this.#serving.get(place);
    if (pid === undefined) throw new Error(`no worker ${place}`);
    // A worker that has died on its own is being replaced anyway; the daemon's log counts it.
    sendSignal(pid, 'SIGTERM');
    await this.#until(`to replace worker ${place}`, () => this.#serving.get(place) !== pid);
    await waitFor(`the end of worker ${pid}`, async () => !sendSignal(pid, 0), {
      timeout: PATIENCE,
      interval: 0.01,
    });
  }

  /** SIGTERM to the daemon; resolves with its exit code, or the signal that ended it. Idempotent. */
  async stop(): Promise<number | NodeJS.Signals> {
    if (this.#exitCode === undefined) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE * 1000);
    while (this.#exitCode === undefined) await this.#nextChange();
    clearTimeout(timer);
    return this.#exitCode;
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE * 1000;
    const timer = setTimeout(() => this.#changed(), PATIENCE * 1000);
    while (!condition()) {
      if (this.#exitCode !== undefined) throw new Error(`the daemon ended with ${this.#exitCode}`);
      if (performance.now() >= deadline) throw new Error(`the daemon took ${PATIENCE} s ${what}`);
      await this.#nextChange();
    }
    clearTimeout(timer);
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#watchers.add(resolve));
  }

  #changed(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }

  #onLine(text: string): void {
    const line = parse(text);
    if (line === undefined) {
      this.#options.onTrouble(text);
      return;
    }
    if (line.level !== 'info' && line.level !== 'debug') this.#options.onTrouble(line.msg);
    if (line.msg === 'Worker started' && line.worker !== undefined && line.workerPid !== undefined) {
      this.#serving.set(line.worker, line.workerPid);
    } else if (line.msg === 'Service started' && this.#options.workers === 1) this.#serving.set(0, this.pid);
    this.#changed();
  }
}

function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch (error) {
    // What Node.js itself prints when a process dies.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** False when there is no such process. */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
