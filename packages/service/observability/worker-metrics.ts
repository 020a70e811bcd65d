import type { Logger } from '@mini-nova/messaging';
import type { Registry } from 'prom-client';
import type { Launchable } from '../launch/launchable.ts';
import { settlesWithin } from '../timer.ts';
import { type FiguresAnswer, isFiguresQuestion } from './figures-channel.ts';
import { figuresOf } from './worker-figures.ts';

/** Seconds for which a start or a stop waits until the figures are written to the primary. */
const PATIENCE = 1;

/** In a worker: gives its figures to the primary, which serves the endpoint for all. */
export class WorkerMetrics implements Launchable {
  readonly name = 'observability';
  readonly #registry: Registry;
  readonly #logger: Logger;
  #answers = false;
  readonly #onMessage = (message: unknown): void => {
    if (isFiguresQuestion(message)) void this.#tell();
  };

  constructor(registry: Registry, logger: Logger) {
    this.#registry = registry;
    this.#logger = logger;
  }

  /** The primary asks only workers that have sent it something. */
  async start(): Promise<void> {
    if (this.#answers) return;
    this.#answers = true;
    process.on('message', this.#onMessage);
    await settlesWithin(this.#tell(), PATIENCE);
  }

  /** The primary keeps what the worker has counted. */
  async stop(): Promise<void> {
    if (!this.#answers) return;
    this.#answers = false;
    process.off('message', this.#onMessage);
    await settlesWithin(this.#tell(), PATIENCE);
  }

  /** Resolves when it is written; never rejects. */
  async #tell(): Promise<void> {
    const answer: FiguresAnswer = { type: 'metrics:figures', figures: await this.#figures() };
    // A primary that has gone needs no answer; the worker learns of that by `disconnect`.
    if (!process.connected) return;
    await new Promise<void>((resolve) => process.send?.(answer, undefined, undefined, () => resolve()));
  }

  async #figures(): Promise<FiguresAnswer['figures']> {
    try {
      return await figuresOf(this.#registry);
    } catch (error) {
      this.#logger.error({ err: error }, 'Could not take the figures of this worker');
      return null;
    }
  }
}
