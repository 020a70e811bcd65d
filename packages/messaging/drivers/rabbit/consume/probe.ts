import { type Channel, IllegalOperationError } from 'amqplib';
import type { Logger } from '../../../logger.ts';
import { amqpCode, errorText } from '../connection/amqp-error.ts';
import type { ConsumedQueue } from './delivery.ts';

export interface ProbeOptions {
  /** How many unacknowledged messages each consumer may hold; 0: no limit. */
  prefetch: number;
  logger: Logger;
  /** Closes the channel, whose user then sets up another. */
  restart(channel: Channel, queue: string, reason: string): void;
  /** For how long (ms) the broker could have answered what it was asked at that time (by performance.now). */
  timeToAnswer(askedAt: number): number;
  /** The broker does not answer: the connection is silently dead. */
  silent(error: Error): void;
}

/**
 * Milliseconds between two looks, on average; each is drawn from 25 % below to 25 % above. With ANSWER_TIMEOUT, a
 * silent loss is found within 13 s; and a deleted exchange has its bindings again within 10 s, for as long as
 * clients keep calls that found no queue.
 *
 * A look is two operations for each queue, a passive declaration and a binding that exists: for the three queues of
 * a server 1 operation per second. On RabbitMQ 3.10 a binding costs the broker 0.2 ms of processor time and a passive
 * declaration 0.05 ms: 500 servers together 6 % of one core.
 */
const INTERVAL = 6_000;
const JITTER = 0.25;
/** How long (ms) the broker may take to answer one operation. */
const ANSWER_TIMEOUT = 5_000;
/** After so long (ms) of this process being busy, an answer that has come is read. */
const GRACE = 100;
/** How soon (ms) a queue that looks forgotten is looked at once more. */
const SECOND_LOOK = 1_000;

/**
 * Checks over the consumer's own channel that its queues still exist, are bound and are consumed: RabbitMQ does not
 * report when a binding goes, nor always when a consumer does.
 */
export class QueueProbe {
  readonly #options: ProbeOptions;
  #timer: NodeJS.Timeout | undefined;
  #session = 0;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  start(channel: Channel, queues: readonly ConsumedQueue[]): void {
    this.stop();
    const looks = queues.map((queue) => new Look(queue));
    this.#schedule(channel, looks, this.#session);
  }

  stop(): void {
    this.#session += 1;
    clearTimeout(this.#timer);
  }

  #schedule(channel: Channel, looks: Look[], session: number): void {
    const forgotten = looks.some((look) => look.looksForgotten);
    const delay = forgotten ? SECOND_LOOK : INTERVAL * (1 - JITTER + 2 * JITTER * Math.random());
    this.#timer = setTimeout(() => {
      this.#lookAtAll(channel, looks, session).catch((error: unknown) => this.#onFailure(error, session));
    }, delay).unref();
  }

  async #lookAtAll(channel: Channel, looks: Look[], session: number): Promise<void> {
    for (const look of looks) {
      const reason = await this.#look(channel, look, session);
      if (session !== this.#session) return;
      if (reason !== undefined) {
        this.#options.restart(channel, look.queue.spec.name, reason);
        return;
      }
    }
    this.#schedule(channel, looks, session);
  }

  /** What is wrong with the queue, if anything. */
  async #look(channel: Channel, look: Look, session: number): Promise<string | undefined> {
    const { name, binding } = look.queue.spec;
    try {
      if (binding !== undefined) {
        await this.#answer(channel.bindQueue(name, binding.exchange.name, binding.key), session);
      }
      if (session !== this.#session) return undefined;
      return look.judge(await this.#answer(channel.checkQueue(name), session), this.#options.prefetch);
    } catch (error) {
      if (amqpCode(error) === undefined) throw error;
      // The broker has closed the channel over it; the next one is on its way.
      this.#options.logger.warn(
        { queue: name, reason: errorText(error) },
        'a queue or its exchange is missing; declaring it again',
      );
      return undefined;
    }
  }

  /** Passes the answer on; when none comes, gives up the connection. */
  async #answer<T>(answer: Promise<T>, session: number): Promise<T> {
    const askedAt = performance.now();
    const judge = (): void => {
      if (session === this.#session) this.#options.silent(new Error(`no answer for ${ANSWER_TIMEOUT} ms`));
    };
    const look = (): void => {
      if (session !== this.#session) return;
      const left = ANSWER_TIMEOUT - this.#options.timeToAnswer(askedAt);
      timer = left > 0 ? setTimeout(look, left).unref() : setTimeout(judge, GRACE).unref();
    };
    let timer = setTimeout(look, ANSWER_TIMEOUT).unref();
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  #onFailure(error: unknown, session: number): void {
    // The channel or the connection has gone meanwhile, and with it this session.
    if (session !== this.#session || error instanceof IllegalOperationError) return;
    this.#options.logger.debug({ reason: errorText(error) }, 'queues not looked at');
  }
}

/** What a check saw of one queue. */
class Look {
  readonly queue: ConsumedQueue;
  /** Messages lay there, and none came though one could have; it may be chance. */
  looksForgotten = false;
  #received: number;

  constructor(queue: ConsumedQueue) {
    this.queue = queue;
    this.#received = queue.received;
  }

  judge(state: { messageCount: number; consumerCount: number }, prefetch: number): string | undefined {
    const { received, unacknowledged } = this.queue;
    const idle = received === this.#received;
    this.#received = received;
    if (state.consumerCount === 0) return 'it has no consumer';
    const hasRoom = prefetch === 0 || unacknowledged < prefetch;
    const forgotten = state.messageCount > 0 && idle && hasRoom;
    if (forgotten && this.looksForgotten) return 'its messages do not come';
    this.looksForgotten = forgotten;
    return undefined;
  }
}
