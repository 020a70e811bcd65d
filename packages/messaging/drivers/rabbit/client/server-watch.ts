import type { ChannelModel } from 'amqplib';
import type { TransportEvent } from '../../../hooks.ts';
import type { Logger } from '../../../logger.ts';
import { errorText } from '../connection/amqp-error.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { lookAtQueue, type QueueLook } from './queue-look.ts';
import type { ReplyWaiter } from './reply-waiter.ts';

export interface ServerWatchOptions {
  /** The one by which replies come. */
  connection: BrokerConnection;
  /** True while replies can come. When they can again, the waiters' silences are started anew. */
  replies: { readonly ready: boolean };
  logger: Logger;
  onEvent?: ((event: TransportEvent) => void) | undefined;
}

/**
 * Judges servers that have been silent for too long.
 *
 * One whose own queue is consumed has a connection: it is starved, not gone, and is given more time. Of one that has never been heard of
 * nobody knows which consumer it is.
 *
 * It does so after a look at the queue of the request, over the connection by which signs of life come: a sign that
 * was on its way, or lay unread because this process was busy, is seen first.
 */
export class ServerWatch {
  readonly #options: ServerWatchOptions;
  /** Whose queues are to be looked at. */
  readonly #doubted = new Map<string, ReplyWaiter[]>();
  #looking = false;

  constructor(options: ServerWatchOptions) {
    this.#options = options;
  }

  /** Without a connection nothing can be said: the waiters wait for it. */
  doubt(waiters: readonly ReplyWaiter[]): void {
    if (!this.#options.replies.ready) return;
    for (const waiter of waiters) {
      const others = this.#doubted.get(waiter.queue);
      if (others === undefined) this.#doubted.set(waiter.queue, [waiter]);
      else others.push(waiter);
    }
    if (!this.#looking) void this.#lookAtAll();
  }

  async #lookAtAll(): Promise<void> {
    this.#looking = true;
    for (const [queue, waiters] of this.#doubted) {
      // Whoever doubts from here on needs a look of its own.
      this.#doubted.delete(queue);
      await this.#lookAt(queue, waiters);
    }
    this.#looking = false;
  }

  async #lookAt(queue: string, waiters: readonly ReplyWaiter[]): Promise<void> {
    const { connection, replies, logger } = this.#options;
    try {
      const { model } = connection;
      if (model === undefined) return;
      const look = await lookAtQueue(model, queue);
      const lost = this.#withoutBacklog(waiters, look);
      const present = await this.#presentOf(model, lost);
      const now = performance.now();
      this.#lose(
        queue,
        lost.filter((waiter) => !waiter.inDoubt || !present.has(waiter.server) || !waiter.waitLonger(now)),
        describe(queue, look),
      );
    } catch (error) {
      logger.debug({ queue, reason: errorText(error) }, 'a silent server could not be judged');
      // Otherwise they go on when the replies come again.
      if (replies.ready) restart(waiters);
    }
  }

  /** The servers of these calls, by their own queues, that the broker knows as consumers. */
  async #presentOf(model: ChannelModel, waiters: readonly ReplyWaiter[]): Promise<Set<string | undefined>> {
    const present = new Set<string | undefined>();
    for (const server of new Set(waiters.map((waiter) => waiter.server))) {
      if (server === undefined) continue;
      const look = await lookAtQueue(model, server);
      if (look === undefined || look.consumers === 0) continue;
      present.add(server);
      this.#options.logger.debug({ queue: server }, 'a silent server is still there');
    }
    return present;
  }

  /** Those that do not wait in the queue; the others are given more time. */
  #withoutBacklog(waiters: readonly ReplyWaiter[], look: QueueLook | undefined): ReplyWaiter[] {
    const doubtful = waiters.filter(({ inDoubt, isSettled }) => inDoubt && !isSettled);
    const backlog = look !== undefined && look.consumers > 0 && look.messages > 0;
    // A request of which nothing was heard may be among those that wait in the queue.
    const lost = doubtful.filter(({ heard }) => heard || !backlog);
    restart(doubtful.filter(({ heard }) => !heard && backlog));
    return lost;
  }

  #lose(queue: string, waiters: readonly ReplyWaiter[], reason: string): void {
    const { logger, onEvent } = this.#options;
    const lost = waiters.filter(({ inDoubt, isSettled }) => inDoubt && !isSettled);
    if (lost.length === 0) return;
    logger.info({ queue, calls: lost.length, reason }, 'a server that was called is lost');
    onEvent?.({ type: 'server_lost', data: { queue, calls: lost.length, reason } });
    for (const waiter of lost) waiter.loseServer(reason);
  }
}

function restart(waiters: readonly ReplyWaiter[]): void {
  const now = performance.now();
  for (const waiter of waiters) {
    if (waiter.inDoubt) waiter.watch(now);
  }
}

function describe(queue: string, look: QueueLook | undefined): string {
  if (look === undefined) return `queue "${queue}" is gone`;
  if (look.consumers === 0) return `nobody consumes queue "${queue}"`;
  return `the request does not wait in queue "${queue}"`;
}
