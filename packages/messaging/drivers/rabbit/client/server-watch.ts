import type { ChannelModel } from 'amqplib';
import { within } from '../../../waits.ts';
import { amqpCode, errorText, NOT_FOUND } from '../connection/amqp-error.ts';
import { withChannel } from '../connection/channel.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import { uniqueId } from '../wire/wire-message.ts';
import type { ReplyWaiter } from './reply-waiters.ts';

/** Milliseconds that servers are given before a further question may be asked; later answers still count. */
const PROMPT = 1_000;

/**
 * Asks all servers of a queue which calls of this caller they have. Each sends signs of life for those it has, and
 * then answers. When all have answered, a call without a sign of life is lost.
 */
export class RollCall {
  readonly id = uniqueId();
  readonly queue: string;
  /** The calls in question. */
  readonly waiters: readonly ReplyWaiter[];
  readonly #askedAt = performance.now();
  readonly #consumers: number;
  readonly #servers = new Set<string>();
  #complete: () => void = () => {};

  constructor(queue: string, consumers: number, waiters: readonly ReplyWaiter[]) {
    this.queue = queue;
    this.#consumers = consumers;
    this.waiters = waiters;
  }

  /** How many servers have answered. */
  get answers(): number {
    return this.#servers.size;
  }

  get isComplete(): boolean {
    return this.answers >= this.#consumers;
  }

  /** The calls of which nothing was heard since the question. */
  get missing(): ReplyWaiter[] {
    return this.waiters.filter((waiter) => waiter.isSilentSince(this.#askedAt));
  }

  /** Servers by their own queues. */
  answer(server: string): void {
    this.#servers.add(server);
    if (this.isComplete) this.#complete();
  }

  /** Resolves when all have answered, or a while after it was asked. */
  async over(): Promise<void> {
    const left = this.#askedAt + PROMPT - performance.now();
    if (this.isComplete || left <= 0) return;
    const complete = new Promise<void>((resolve) => {
      this.#complete = resolve;
    });
    await within(left, complete);
  }
}

/** What a queue holds. */
export interface QueueLook {
  /** Ready to be delivered. */
  messages: number;
  consumers: number;
}

/**
 * Looks at a queue and changes nothing; undefined when there is none of that name. On a channel of its own, which the
 * broker closes over a queue that is missing.
 *
 * The answer comes behind all that the broker had sent over this connection before.
 *
 * @throws Error when the connection is lost
 */
export function lookAtQueue(model: ChannelModel, name: string): Promise<QueueLook | undefined> {
  return withChannel(model.createChannel(), async (channel) => {
    try {
      const { messageCount, consumerCount } = await channel.checkQueue(name);
      return { messages: messageCount, consumers: consumerCount };
    } catch (error) {
      if (amqpCode(error) !== NOT_FOUND) throw error;
      return undefined;
    }
  });
}

/**
 * Judges servers that have been silent for too long. A server is lost when the broker says so, or after a longer
 * silence than that of any merely starved server (`ReplyWaiter.waitLonger`):
 *
 * - One that has named its own queue is lost when that has no consumer.
 * - One that has not is lost when the queue of the request has no consumer; or when it has some, and all of them have
 * said that they do not have the call. So a server that was killed before its first sign of life is noticed as soon
 * when others share its queue, or its successor has come, as when it was alone. If one of the others does not answer,
 * because it is starved itself or a Python server, it may be the one with the call, and is waited for.
 *
 * It looks over the connection by which signs of life come: a sign that was on its way, or lay unread because this
 * process was busy, is seen first.
 */
export class ServerWatch {
  readonly #context: RabbitContext;
  readonly #replies: { readonly ready: boolean };
  readonly #callRoll: (roll: RollCall, consumers: number) => void;
  /** Whose queues are to be looked at. */
  #doubted = new Map<string, ReplyWaiter[]>();
  /** The last of each queue, as long as it is not complete. */
  readonly #rolls = new Map<string, RollCall>();
  #looking = false;

  /**
   * @param replies ready while replies can come; when they can again, the waiters' silences are started anew
   * @param callRoll sends the question to the `consumers` servers of its queue
   */
  constructor(
    context: RabbitContext,
    replies: { readonly ready: boolean },
    callRoll: (roll: RollCall, consumers: number) => void,
  ) {
    this.#context = context;
    this.#replies = replies;
    this.#callRoll = callRoll;
  }

  /** Without a connection nothing can be said: the waiters wait for it. */
  doubt(waiters: readonly ReplyWaiter[]): void {
    if (!this.#replies.ready) return;
    for (const waiter of waiters) {
      const { queue } = waiter.options;
      const others = this.#doubted.get(queue);
      if (others === undefined) this.#doubted.set(queue, [waiter]);
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
      // Calls that become suspect from here on need a check of their own.
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
    this.#context.logger.debug({ queue, consumers, calls: waiting.length }, 'silent servers are waited for');
    // A server that gives signs of life but names no queue would not answer either.
    const unheard = waiting.filter(({ heard }) => !heard);
    if (unheard.length === 0) return;
    const roll = new RollCall(queue, consumers, unheard);
    this.#rolls.set(queue, roll);
    this.#callRoll(roll, consumers);
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
    const { connection, logger } = this.#context;
    try {
      if (connection.model !== undefined) await judge(connection.model);
    } catch (error) {
      logger.debug({ queue, reason: errorText(error) }, 'a silent server could not be judged');
      if (this.#replies.ready) restart(waiters);
    }
  }

  /** Questions whose calls have all ended: nobody needs the answers. */
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
    const { logger, onEvent } = this.#context;
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
