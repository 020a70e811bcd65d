import cluster, { type Worker } from 'node:cluster';
import type { Findings } from '../observability/readiness.ts';
import type { Remark } from './launchable.ts';
import type { LauncherState } from './launcher.ts';
import { isWorkerNews, type Order, order, type WorkerNews } from './worker-channel.ts';

/** A worker process's end. */
export interface WorkerExit {
  code: number | null;
  signal: string | null;
  /** Seconds for which it served; null if it never did. */
  uptime: number | null;
}

export interface WorkerHandlers {
  onState(worker: WorkerProcess, state: LauncherState): void;
  onExit(worker: WorkerProcess, exit: WorkerExit): void;
  onError(worker: WorkerProcess, error: Error): void;
}

/** One worker process, from its fork to its exit. */
export class WorkerProcess {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (findings: Findings) => void>();
  #state: LauncherState = 'starting';
  #servingSince: number | undefined;
  #heard = false;
  #leaving = false;
  #exited = false;
  #lastCheck = 0;

  constructor(environment: Record<string, string>, handlers: WorkerHandlers) {
    this.#worker = cluster.fork(environment);
    this.#worker.on('message', (message: unknown) => {
      if (isWorkerNews(message)) this.#hear(message, handlers);
    });
    const exit = (code: number | null, signal: string | null): void => {
      if (this.#exited) return;
      this.#exited = true;
      this.#state = 'stopped';
      this.#fail('it is gone');
      handlers.onExit(this, { code, signal, uptime: this.#uptime });
    };
    this.#worker.once('exit', exit);
    this.#worker.on('error', (error) => {
      handlers.onError(this, error);
      // A process that could not be created does not exit either.
      if (this.pid === undefined) exit(null, null);
    });
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  get state(): LauncherState {
    return this.#state;
  }

  /** It was told to stop. */
  get leaving(): boolean {
    return this.#leaving;
  }

  tell(message: Order): void {
    order(this.#worker, message);
  }

  /** A worker that does not listen yet is ended by the signal itself. */
  stop(options: { quick: boolean; replaced: boolean }): void {
    this.#leaving = true;
    this.tell({ type: 'mini-nova:stop', options });
    if (!this.#heard) this.#worker.process.kill('SIGTERM');
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  /** Resolves with its checks' remarks. @throws Error with the reasons why they fail, or when it has gone */
  async check(): Promise<Remark> {
    if (this.#exited) throw new Error('it is gone');
    const { failures, remarks } = await this.#ask('mini-nova:check');
    const reasons = textOf(failures);
    if (reasons !== undefined) throw new Error(reasons);
    return textOf(remarks);
  }

  /** Resolves when its event loop turns or it has gone; a worker that does not listen yet is not asked. */
  async ping(): Promise<void> {
    if (this.#heard && !this.#exited) await this.#ask('mini-nova:ping');
  }

  #ask(type: 'mini-nova:check' | 'mini-nova:ping'): Promise<Findings> {
    this.#lastCheck += 1;
    const id = this.#lastCheck;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.tell({ type, id });
    });
  }

  get #uptime(): number | null {
    return this.#servingSince === undefined ? null : (performance.now() - this.#servingSince) / 1000;
  }

  #hear(news: WorkerNews, handlers: WorkerHandlers): void {
    this.#heard = true;
    if (news.type === 'mini-nova:checked') {
      this.#waiting.get(news.id)?.(news.findings);
      this.#waiting.delete(news.id);
    } else if (!this.#exited && news.state !== 'stopped') {
      // It has stopped only when its process has ended.
      this.#state = news.state;
      if (news.state === 'running') this.#servingSince ??= performance.now();
      handlers.onState(this, news.state);
    }
  }

  #fail(reason: string): void {
    for (const resolve of this.#waiting.values()) resolve({ failures: { worker: reason }, remarks: {} });
    this.#waiting.clear();
  }
}

function textOf(findings: Record<string, string>): string | undefined {
  const entries = Object.entries(findings);
  return entries.length === 0 ? undefined : entries.map(([name, text]) => `${name}: ${text}`).join('; ');
}
