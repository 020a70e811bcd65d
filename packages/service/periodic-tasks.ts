import type { Logger } from '@mini-nova/messaging';
import { RequestContext } from './request-context.ts';
import { runWithContext } from './request-scope.ts';
import { after } from './timer.ts';

/** Work that a service does again and again. */
export interface PeriodicTask {
  /** For logs. */
  readonly name: string;
  /**
   * Seconds from one start to the next. A run that takes longer delays the next one: a task never overlaps
   * itself. 0 or less: it never runs.
   */
  readonly spacing: number;
  /** Run first without waiting for `spacing`. */
  readonly runImmediately?: boolean;
  /** Each run is a request of its own. An error is logged, and the task goes on. */
  run(ctxt: RequestContext): Promise<void>;
}

export interface PeriodicTasksOptions {
  /** Seconds; all tasks wait for a random part of it before they begin. */
  fuzzyDelay: number;
  logger: Logger;
}

/** Runs periodic tasks, each on its own clock, until it is stopped. */
export class PeriodicTasks {
  readonly #tasks: readonly PeriodicTask[];
  readonly #options: PeriodicTasksOptions;
  readonly #timers = new Map<PeriodicTask, NodeJS.Timeout>();
  readonly #runs = new Set<Promise<void>>();
  #state: 'created' | 'running' | 'stopped' = 'created';

  constructor(tasks: readonly PeriodicTask[], options: PeriodicTasksOptions) {
    this.#tasks = tasks.filter((task) => task.spacing > 0);
    this.#options = options;
  }

  start(): void {
    if (this.#state !== 'created') return;
    this.#state = 'running';
    const fuzz = Math.random() * this.#options.fuzzyDelay;
    for (const task of this.#tasks) this.#schedule(task, fuzz + (task.runImmediately ? 0 : task.spacing));
  }

  /** Starts no further run. */
  stop(): void {
    this.#state = 'stopped';
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Resolves when no task is running. */
  async wait(): Promise<void> {
    await Promise.all(this.#runs);
  }

  #schedule(task: PeriodicTask, seconds: number): void {
    const timer = after(seconds, () => {
      const run = this.#run(task).finally(() => this.#runs.delete(run));
      this.#runs.add(run);
    });
    this.#timers.set(task, timer);
  }

  async #run(task: PeriodicTask): Promise<void> {
    const start = performance.now();
    const ctxt = RequestContext.admin();
    await runWithContext(ctxt, () => this.#attempt(task, ctxt));
    if (this.#state !== 'running') return;
    this.#schedule(task, Math.max(0, task.spacing - (performance.now() - start) / 1000));
  }

  async #attempt(task: PeriodicTask, ctxt: RequestContext): Promise<void> {
    try {
      await task.run(ctxt);
    } catch (error) {
      // Whatever it was, the next run may succeed, and nobody else would ever hear of it.
      this.#options.logger.error({ err: error, task: task.name }, 'A periodic task failed');
    }
  }
}
