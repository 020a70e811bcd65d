import cluster, { type Worker } from 'node:cluster';
import { Gauge, type Registry } from 'prom-client';
import { withinOr } from '../timer.ts';
import { FIGURES_QUESTION, isFiguresAnswer } from './figures-channel.ts';
import type { MetricsText } from './metrics-text.ts';
import { addCounters, countersOf, figuresOf, type MetricFigures, together } from './worker-figures.ts';

export interface ClusterMetricsOptions {
  /** The primary's own registry. */
  registry: Registry;
  /** Seconds in which workers must answer. */
  timeout: number;
}

/** A question that a worker has not answered yet. */
interface Pending {
  /** Whether figures came. */
  answered: Promise<boolean>;
  settle(answered: boolean): void;
}

/**
 * In the primary of several workers: the figures of all of them, combined.
 *
 * A worker that does not answer in time, or has gone for good, is left out except for what it had counted in its last
 * answer. Otherwise the sums would fall with each lost worker, and Prometheus, which takes a fall for a restart, would
 * count all of the others' figures again. prom-client's own aggregation gives no figures at all when one worker is
 * late.
 */
export class ClusterMetrics {
  readonly #registry: Registry;
  readonly #timeout: number;
  readonly #pending = new Map<number, Pending>();
  /** The last answer of each present worker. */
  readonly #last = new Map<number, MetricFigures[]>();
  /** What the workers that have gone had counted. */
  #gone: MetricFigures[] = [];
  #answering = 0;
  #silent = 0;
  readonly #onMessage = (worker: Worker, message: unknown): void => {
    if (isFiguresAnswer(message)) this.#hear(worker.id, message.figures);
  };
  readonly #onDisconnect = ({ id }: Worker): void => this.#forget(id);

  /** Listens to the workers until it is closed. */
  constructor({ registry, timeout }: ClusterMetricsOptions) {
    this.#registry = registry;
    this.#timeout = timeout;
    cluster.on('message', this.#onMessage);
    // Unlike at `exit`, all its messages have arrived by then.
    cluster.on('disconnect', this.#onDisconnect);
    this.#addWorkersGauge();
  }

  /** Takes no longer than the timeout, whatever the workers do. */
  async text(): Promise<MetricsText> {
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const answered = await Promise.all(workers.map((worker) => this.#answersInTime(worker)));
    this.#answering = answered.filter(Boolean).length;
    this.#silent = answered.length - this.#answering;
    const own = await figuresOf(this.#registry);
    // Synchronous from here on: a worker that has gone meanwhile is counted among those that have gone, and only there.
    const theirs = workers.map(({ id }, index) => {
      const last = this.#last.get(id) ?? [];
      return answered[index] ? last : countersOf(last);
    });
    const all = together([own, ...theirs, this.#gone]);
    return { contentType: all.contentType, text: await all.metrics() };
  }

  close(): void {
    cluster.off('message', this.#onMessage);
    cluster.off('disconnect', this.#onDisconnect);
    for (const { settle } of this.#pending.values()) settle(false);
    this.#pending.clear();
  }

  #answersInTime(worker: Worker): Promise<boolean> {
    return withinOr(this.#ask(worker), this.#timeout, false);
  }

  /**
   * A worker that has sent nothing yet cannot answer either. One that hangs is not asked again and again, since it
   * would have to answer every question once it is back.
   */
  #ask(worker: Worker): Promise<boolean> {
    if (!this.#last.has(worker.id) || !worker.isConnected()) return Promise.resolve(false);
    const before = this.#pending.get(worker.id);
    if (before !== undefined) return before.answered;
    let settle: Pending['settle'] = () => {};
    const answered = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    this.#pending.set(worker.id, { answered, settle });
    worker.send(FIGURES_QUESTION, () => {});
    return answered;
  }

  #hear(id: number, figures: MetricFigures[] | null): void {
    if (figures !== null) this.#last.set(id, figures);
    this.#pending.get(id)?.settle(figures !== null);
    this.#pending.delete(id);
  }

  #forget(id: number): void {
    this.#gone = addCounters(this.#gone, this.#last.get(id) ?? []);
    this.#last.delete(id);
    this.#pending.get(id)?.settle(false);
    this.#pending.delete(id);
  }

  #addWorkersGauge(): void {
    const values = () => ({ answering: this.#answering, silent: this.#silent });
    new Gauge({
      name: 'nova_workers',
      help: 'Worker processes that gave their figures for this answer, and those that did not in time',
      labelNames: ['state'],
      registers: [this.#registry],
      collect() {
        for (const [state, count] of Object.entries(values())) this.set({ state }, count);
      },
    });
  }
}
