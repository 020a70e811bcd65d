import type { ChannelModel } from 'amqplib';
import type { TransportEvent } from '../../../hooks.ts';
import type { Logger } from '../../../logger.ts';
import { errorText } from '../connection/amqp-error.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { lookAtQueue, type QueueLook } from './queue-look.ts';
import type { ReplyWaiter } from './reply-waiter.ts';
import { RollCall } from './roll-call.ts';

export interface ServerWatchOptions {
  /** The one by which replies come. */
  connection: BrokerConnection;
  /** True while replies can come. When they can again, the waiters' silences are started anew. */
  replies: { readonly ready: boolean };
  logger: Logger;
  onEvent?: ((event: TransportEvent) => void) | undefined;
  /** Sends the question to the `consumers` servers of its queue. */
  callRoll(roll: RollCall, consumers: number): void;
}

/**
 * Judges servers that have been silent for too long. One is lost when the broker says so, or after a silence that no server
 * reaches that is merely starved (`ReplyWaiter.waitLonger`):
 *
 * - One that has named its own queue is lost when that has no consumer.
 * - One that has not is lost when the queue of the request has no consumer; or when it has some, and all of them have
 *   said that they do not have the call. So one that was killed before its first sign of life is told as soon when others
 *   share its queue, or its successor has come, as when it was alone. Where one of the others does not answer, because it is
 *   starved itself or a Python server, it could be the one, and is waited for.
 *
 * It looks over the connection by which signs of life come: a sign that was on its way, or lay unread because this
 * process was busy, is seen first.
 */
export class ServerWatch {
  readonly #options: ServerWatchOptions;
  /** Whose queues are to be looked at. */
  #doubted = new Map<string, ReplyWaiter[]>();
  /** The last of each queue, as long as it is not complete. */
  readonly #rolls = new Map<string, RollCall>();
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

  /** The server with that queue of its own has answered. False when nobody has asked, or no longer. */
  answered(id: string, server: string): boolean {
    for (const roll of this.#rolls.values()) {
      if (roll.id !== id) continue;
      roll.answer(server);
      if (roll.isComplete) void this.#judge(roll);
      return true;
    }
    return false;
  }

  async #lookAtAll(): Promise<void> {
    this.#looking = true;
    this.#forgetRolls();
    while (this.#doubted.size > 0) {
      // Whoever doubts from here on needs a look of its own.
      const doubted = this.#doubted;
      this.#doubted = new Map();
      for (const [queue, waiters] of doubted) await this.#lookAt(queue, waiters);
      // Servers are not asked again while they may be about to answer.
      await Promise.all([...this.#rolls.values()].map((roll) => roll.over()));
    }
    this.#looking = false;
  }

  async #lookAt(queue: string, waiters: readonly ReplyWaiter[]): Promise<void> {
    await this.#whileConnected(queue, waiters, async (model) => {
      const look = await lookAtQueue(model, queue);
      const silent = this.#withoutBacklog(waiters, look);
      const present = await this.#presentOf(model, silent);
      const consumers = look?.consumers ?? 0;
      const mayBeThere = ({ server }: ReplyWaiter) =>
        server === undefined ? consumers > 0 : present.has(server);
      const doubtful = silent.filter(isDoubtful);
      const now = performance.now();
      const waiting = doubtful.filter((waiter) => mayBeThere(waiter) && waiter.waitLonger(now));
      this.#lose(queue, doubtful.filter(isDoubtful), describe(queue, look));
      this.#waitFor(queue, consumers, waiting);
    });
  }

  #waitFor(queue: string, consumers: number, waiting: readonly ReplyWaiter[]): void {
    if (waiting.length === 0) return;
    this.#options.logger.debug({ queue, consumers, calls: waiting.length }, 'silent servers are waited for');
    // One that shows signs of life, and names no queue, would not answer either.
    const unheard = waiting.filter(({ heard }) => !heard);
    if (unheard.length > 0) this.#callRoll(queue, consumers, unheard);
  }

  #callRoll(queue: string, consumers: number, waiters: readonly ReplyWaiter[]): void {
    const roll = new RollCall(queue, consumers, waiters);
    this.#rolls.set(queue, roll);
    this.#options.callRoll(roll, consumers);
  }

  /** All have answered that were there when they were asked. */
  async #judge(roll: RollCall): Promise<void> {
    const { queue } = roll;
    this.#rolls.delete(queue);
    await this.#whileConnected(queue, [], async (model) => {
      const look = await lookAtQueue(model, queue);
      // One that has come meanwhile may have answered for one that has not.
      if (look !== undefined && look.consumers > roll.answers) return;
      this.#lose(queue, roll.missing, `no consumer of queue "${queue}" has the request`);
    });
  }

  /** When the connection is lost, the waiters go on when the replies come again. */
  async #whileConnected(
    queue: string,
    waiters: readonly ReplyWaiter[],
    judge: (model: ChannelModel) => Promise<void>,
  ): Promise<void> {
    const { connection, replies, logger } = this.#options;
    try {
      if (connection.model !== undefined) await judge(connection.model);
    } catch (error) {
      logger.debug({ queue, reason: errorText(error) }, 'a silent server could not be judged');
      if (replies.ready) restart(waiters);
    }
  }

  /** Those of which all calls have ended: nobody needs the answers. */
  #forgetRolls(): void {
    for (const [queue, roll] of this.#rolls) {
      if (roll.missing.length === 0) this.#rolls.delete(queue);
    }
  }

  /** The servers of these calls, by their own queues, that the broker knows as consumers. */
  async #presentOf(model: ChannelModel, waiters: readonly ReplyWaiter[]): Promise<Set<string>> {
    const present = new Set<string>();
    for (const server of new Set(waiters.map((waiter) => waiter.server))) {
      if (server === undefined) continue;
      const look = await lookAtQueue(model, server);
      if (look === undefined || look.consumers === 0) continue;
      present.add(server);
    }
    return present;
  }

  /** Those that do not wait in the queue; the others are given more time. */
  #withoutBacklog(waiters: readonly ReplyWaiter[], look: QueueLook | undefined): ReplyWaiter[] {
    const doubtful = waiters.filter(isDoubtful);
    const backlog = look !== undefined && look.consumers > 0 && look.messages > 0;
    // A request of which nothing was heard may be among those that wait in the queue.
    const lost = doubtful.filter(({ heard }) => heard || !backlog);
    restart(doubtful.filter(({ heard }) => !heard && backlog));
    return lost;
  }

  #lose(queue: string, waiters: readonly ReplyWaiter[], reason: string): void {
    const { logger, onEvent } = this.#options;
    if (waiters.length === 0) return;
    logger.info({ queue, calls: waiters.length, reason }, 'a server that was called is lost');
    onEvent?.({ type: 'server_lost', data: { queue, calls: waiters.length, reason } });
    for (const waiter of waiters) waiter.loseServer(reason);
  }
}

function isDoubtful({ inDoubt, isSettled }: ReplyWaiter): boolean {
  return inDoubt && !isSettled;
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
