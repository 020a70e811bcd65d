import { isExpectedError, type JsonObject, type Logger } from '@mini-nova/messaging';
import { RequestContext } from './request-context.ts';
import { runWithContext } from './request-scope.ts';
import { after } from './timer.ts';
import { withSpan } from './tracing/tracer.ts';

/** Work that a service does again and again. */
export interface PeriodicTask {
  /** For logs and metrics; unique among the service's. */
  readonly name: string;
  /**
   * Seconds from one start to the next. A run that takes longer delays the next one: a task never overlaps
   * itself. 0: 60 seconds, as in oslo.service; below 0: it never runs.
   */
  readonly spacing: number;
  /**
   * Each wait is lengthened by a random part of this share of `spacing`, so that daemons do not run in step. Default
   * 0.05.
   */
  readonly jitter?: number;
  /** Whether the first run does not wait for `spacing`. Default false. */
  readonly runImmediately?: boolean;
  /** Seconds: the longest random wait before the first run. Default: that of the service's other tasks. */
  readonly fuzzyDelay?: number;
  /**
   * Whether another process may run it for all; it then does not run here while `run_external_periodic_tasks` is off.
   */
  readonly externalProcessOk?: boolean;
  /** Each run is a separate request. An error is logged and counted, and the task goes on. */
  run(ctxt: RequestContext): Promise<void>;
}

/** One run that has ended. */
export interface TaskEvent {
  task: string;
  /** Seconds. */
  duration: number;
  error?: unknown;
}

export type TaskObserver = (event: TaskEvent) => void;

export interface PeriodicTasksOptions {
  /** Seconds; tasks that do not say otherwise wait for a random part of it before they begin. */
  fuzzyDelay: number;
  /** Whether tasks run that another process could run for all. Default true. */
  runExternal?: boolean;
  onRun?: TaskObserver;
  logger: Logger;
}

/** Seconds for a task with spacing 0, as in oslo.service. */
const DEFAULT_SPACING = 60;
const DEFAULT_JITTER = 0.05;

/** A task's clock, and what became of its runs. */
interface Schedule {
  task: PeriodicTask;
  timer?: NodeJS.Timeout | undefined;
  /** By performance.now(). */
  waitingSince?: number;
  running?: Promise<void> | undefined;
  lastStart?: Date;
  lastDuration?: number;
  lastError?: string;
  nextAt?: Date;
  runs: number;
  errors: number;
}

/** Runs periodic tasks, each on its own clock, until it is stopped. */
export class PeriodicTasks {
  readonly #options: PeriodicTasksOptions;
  readonly #schedules = new Map<string, Schedule>();
  #state: 'created' | 'running' | 'stopped' = 'created';

  /** @throws TypeError when two tasks have one name */
  constructor(tasks: readonly PeriodicTask[], options: PeriodicTasksOptions) {
    this.#options = options;
    for (const task of tasks) {
      if (this.#schedules.has(task.name)) throw new TypeError(`There are two periodic tasks ${task.name}`);
      this.#schedules.set(task.name, { task, runs: 0, errors: 0 });
    }
  }

  start(): void {
    if (this.#state !== 'created') return;
    this.#state = 'running';
    const { fuzzyDelay } = this.#options;
    const part = Math.random();
    for (const schedule of this.#schedules.values()) {
      const { task } = schedule;
      if (!this.#isEnabled(task)) continue;
      const fuzz = part * Math.min(fuzzyDelay, task.fuzzyDelay ?? fuzzyDelay);
      this.#wait(schedule, fuzz + (task.runImmediately ? 0 : spacingOf(task)));
    }
  }

  /** Applies spacings that may have changed; a task that is not among these goes on as it is. */
  reset(tasks: readonly PeriodicTask[]): void {
    for (const task of tasks) {
      const schedule = this.#schedules.get(task.name);
      if (schedule === undefined || schedule.task.spacing === task.spacing) continue;
      schedule.task = task;
      if (this.#state !== 'running' || schedule.running) continue;
      clearTimeout(schedule.timer);
      schedule.timer = undefined;
      if (!this.#isEnabled(task)) continue;
      const now = performance.now();
      const waited = (now - (schedule.waitingSince ?? now)) / 1000;
      this.#wait(schedule, Math.max(0, spacingOf(task) - waited));
    }
  }

  /** Starts no further run. */
  stop(): void {
    this.#state = 'stopped';
    for (const { timer } of this.#schedules.values()) clearTimeout(timer);
  }

  /** Resolves when no task is running. */
  async wait(): Promise<void> {
    await Promise.all([...this.#schedules.values()].map(({ running }) => running));
  }

  /** The names of the running tasks. */
  get running(): string[] {
    return [...this.#schedules.values()].filter(({ running }) => running).map(({ task }) => task.name);
  }

  report(): JsonObject {
    return Object.fromEntries(
      [...this.#schedules].map(([name, schedule]) => [name, this.#describe(schedule)]),
    );
  }

  #describe(schedule: Schedule): JsonObject {
    const { task, running, lastStart, lastDuration, lastError, nextAt, runs, errors } = schedule;
    return {
      spacing: task.spacing,
      enabled: this.#isEnabled(task),
      running: running !== undefined,
      runs,
      errors,
      last_start: lastStart?.toISOString() ?? null,
      last_seconds: lastDuration ?? null,
      last_error: lastError ?? null,
      next: running || this.#state !== 'running' ? null : (nextAt?.toISOString() ?? null),
    };
  }

  #isEnabled({ spacing, externalProcessOk = false }: PeriodicTask): boolean {
    return spacing >= 0 && !(externalProcessOk && this.#options.runExternal === false);
  }

  #wait(schedule: Schedule, seconds: number): void {
    schedule.waitingSince = performance.now();
    schedule.nextAt = new Date(Date.now() + seconds * 1000);
    schedule.timer = after(seconds, () => {
      schedule.timer = undefined;
      schedule.running = this.#run(schedule).finally(() => {
        schedule.running = undefined;
        this.#goOn(schedule);
      });
    });
  }

  #goOn(schedule: Schedule): void {
    const { task, lastDuration = 0 } = schedule;
    if (this.#state !== 'running' || !this.#isEnabled(task)) return;
    const jitter = Math.random() * (task.jitter ?? DEFAULT_JITTER) * spacingOf(task);
    this.#wait(schedule, Math.max(0, spacingOf(task) - lastDuration) + jitter);
  }

  async #run(schedule: Schedule): Promise<void> {
    const { task } = schedule;
    const start = performance.now();
    schedule.lastStart = new Date();
    const ctxt = RequestContext.admin();
    const error = await runWithContext(ctxt, () => this.#attempt(task, ctxt));
    const duration = (performance.now() - start) / 1000;
    schedule.lastDuration = duration;
    schedule.runs += 1;
    if (error) {
      schedule.errors += 1;
      schedule.lastError = String(error.thrown);
    }
    this.#options.onRun?.({ task: task.name, duration, ...(error && { error: error.thrown }) });
  }

  async #attempt(task: PeriodicTask, ctxt: RequestContext): Promise<{ thrown: unknown } | undefined> {
    try {
      await withSpan(`periodic ${task.name}`, {}, () => task.run(ctxt));
      return undefined;
    } catch (error) {
      // Whatever it was, the next run may succeed, and nobody else would hear of this failure.
      const { logger } = this.#options;
      if (isExpectedError(error))
        logger.warn({ reason: String(error), task: task.name }, 'A periodic task failed');
      else logger.error({ err: error, task: task.name }, 'A periodic task failed');
      return { thrown: error };
    }
  }
}

function spacingOf({ spacing }: PeriodicTask): number {
  return spacing === 0 ? DEFAULT_SPACING : spacing;
}
