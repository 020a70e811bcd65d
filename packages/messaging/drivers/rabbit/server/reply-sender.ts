import { setTimeout as sleep } from 'node:timers/promises';
import { MessageTooLarge, MessageUndeliverable, type MessagingError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { InFlight } from '../../../waits.ts';
import type { MoreProperties, OutgoingMessage } from '../publish/publication.ts';
import type { Publisher } from '../publish/publisher.ts';
import { type Keeper, ReturnedMessages } from '../publish/returned-messages.ts';

/** How many queues known to be gone are remembered, and for how long (ms). */
const GONE_LIMIT = 200;
const GONE_TTL = 60_000;

/** Reply queues that did not come back in time: their callers have ended. Small, bounded and forgetful. */
export class GoneQueues {
  readonly #until = new Map<string, number>();

  add(queue: string): void {
    this.#until.delete(queue);
    this.#until.set(queue, performance.now() + GONE_TTL);
    if (this.#until.size <= GONE_LIMIT) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }

  has(queue: string): boolean {
    const until = this.#until.get(queue);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#until.delete(queue);
    return false;
  }
}

export interface OutgoingReplyOptions {
  /** The caller's queue. */
  queue: string;
  body: Buffer;
  retry: number;
  properties?: MoreProperties;
  /** What is to be sent instead, when the broker takes no message of this size. */
  instead?: Instead | undefined;
  alone?: boolean | undefined;
  onDone(reply: OutgoingReply, error: MessagingError | undefined): void;
}

/** Gives the body that tells a caller that its reply is too large. */
export type Instead = (error: MessageTooLarge) => Buffer;

/** One reply, until the broker has it or nothing more can be done for it. */
export class OutgoingReply implements OutgoingMessage {
  readonly routingKey: string;
  readonly body: Buffer;
  readonly mandatory = true;
  readonly retry: number;
  readonly properties?: MoreProperties;
  readonly alone: boolean;
  readonly instead: Instead | undefined;
  readonly #onDone: OutgoingReplyOptions['onDone'];
  #isDone = false;
  #resolve: (() => void) | undefined;

  constructor({ queue, body, retry, properties, instead, alone = false, onDone }: OutgoingReplyOptions) {
    this.routingKey = queue;
    this.body = body;
    this.retry = retry;
    if (properties !== undefined) this.properties = properties;
    this.instead = instead;
    this.alone = alone;
    this.#onDone = onDone;
  }

  done(error?: MessagingError): void {
    this.#isDone = true;
    this.#onDone(this, error);
    this.#resolve?.();
  }

  /** Resolves when it is done, however that was. */
  settled(): Promise<void> {
    if (this.#isDone) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}

/** How often (ms) it is tried whether the queue of a caller that takes several results has come back. */
const MISSING_PAUSE = 250;
const FOREVER = Number.POSITIVE_INFINITY;
const SENT = Promise.resolve();
const GOING_ON = Promise.resolve(true);
/** Bytes of results that may be on their way without the broker's having them. */
const RESULT_BYTES = 1024 * 1024;

export interface ReplySenderOptions {
  publisher: Pick<Publisher, 'publish'>;
  /** For how many seconds a missing queue is tried. */
  retryTimeout: number;
  /** How many bytes of replies may wait for missing queues. */
  maxBytes: number;
  logger: Logger;
}

export interface ReplyOptions {
  /** What is sent when the broker takes no message of this size. */
  instead?: Instead | undefined;
  /** No other request runs here, whose reply it could be sent with. */
  alone?: boolean | undefined;
  /** Called when nobody will get the reply. */
  onLost?: (() => void) | undefined;
}

/**
 * Sends replies to the queues of their callers.
 *
 * A reply whose queue is missing is tried again off the handler's path, for the caller may be about to declare
 * it anew. The queue of a caller that has ended never comes back: once that is clear, further replies to it are
 * dropped at once.
 */
export class ReplySender {
  readonly #publisher: Pick<Publisher, 'publish'>;
  readonly #logger: Logger;
  readonly #returned: ReturnedMessages;
  readonly #retryTimeout: number;
  readonly #gone = new GoneQueues();
  readonly #underWay = new InFlight();
  /** Queues of callers that take several results, for which results wait because they are missing. */
  readonly #missing = new Set<string>();
  #resultBytes = 0;
  #closed = false;

  constructor(options: ReplySenderOptions) {
    this.#publisher = options.publisher;
    this.#logger = options.logger;
    this.#retryTimeout = options.retryTimeout;
    this.#returned = new ReturnedMessages({
      ...options,
      onGivenUp: (queue) => {
        this.#gone.add(queue);
        this.#missing.delete(queue);
        return true;
      },
    });
  }

  /**
   * Resolves when the reply is on its way, or, where `confirmed`, when the broker has it; or when nothing more can be
   * done for it here. Does not reject.
   */
  send(
    queue: string,
    body: Buffer,
    confirmed: boolean,
    { instead, alone, onLost }: ReplyOptions = {},
  ): Promise<void> {
    if (this.#isGone(queue)) {
      onLost?.();
      return SENT;
    }
    const onDone = onLost === undefined ? this.#onReplyDone : this.#onDoneOrLost(onLost);
    const reply = new OutgoingReply({ queue, body, retry: FOREVER, instead, alone, onDone });
    this.#underWay.begin();
    const { written } = this.#publisher.publish(reply);
    return written && !confirmed ? SENT : reply.settled();
  }

  #onDoneOrLost(onLost: () => void): OutgoingReplyOptions['onDone'] {
    const onGivenUp = () => {
      onLost();
      return false;
    };
    return (reply, error) => {
      if (error !== undefined && !(error instanceof MessageUndeliverable)) onLost();
      this.#onReplyDone(reply, error, { onGivenUp });
    };
  }

  /** Resolves when the broker has all replies that were sent, or nothing more can be done for them. */
  flush(): Promise<void> {
    return this.#underWay.idle();
  }

  /**
   * As `send`, for a message that is worthless later: it is tried once.
   * @param replyTo the queue by which the caller reaches the server
   */
  async sendNow(queue: string, body: Buffer, replyTo: string): Promise<void> {
    const failure = await this.#publish(queue, body, 0, replyTo);
    if (failure !== undefined) {
      this.#logger.debug({ queue, reason: failure.message }, 'sign of life not sent');
    }
  }

  /**
   * Sends one of several results. Resolves when the next may be sent: with false when the caller's queue did not come
   * back in time, or the transport was closed.
   *
   * @param replyTo the queue by which the caller reaches the server
   * @param instead as of `send`
   */
  sendResult(queue: string, body: Buffer, replyTo: string, instead?: Instead): Promise<boolean> {
    if (this.#missing.has(queue) || this.#gone.has(queue)) return this.#insist(queue, body, replyTo);
    const onDone = (reply: OutgoingReply, error: MessagingError | undefined): void => {
      this.#resultBytes -= body.length;
      if (error instanceof MessageUndeliverable) this.#missing.add(queue);
      this.#onReplyDone(reply, error, { onTaken: () => this.#missing.delete(queue) });
    };
    const result = new OutgoingReply({
      queue,
      body,
      retry: FOREVER,
      properties: { replyTo },
      instead,
      onDone,
    });
    this.#underWay.begin();
    this.#resultBytes += body.length;
    const { written } = this.#publisher.publish(result);
    if (written && this.#resultBytes <= RESULT_BYTES) return GOING_ON;
    return result.settled().then(() => !this.#closed);
  }

  /** As long as the queue is missing, its results come no faster than it is tried. */
  async #insist(queue: string, body: Buffer, replyTo: string): Promise<boolean> {
    const giveUpAt = performance.now() + this.#retryTimeout * 1000;
    while (!this.#gone.has(queue)) {
      const failure = await this.#publish(queue, body, FOREVER, replyTo);
      if (failure === undefined) {
        this.#missing.delete(queue);
        return true;
      }
      if (!(failure instanceof MessageUndeliverable) || this.#closed) break;
      if (performance.now() >= giveUpAt) this.#gone.add(queue);
      else await sleep(MISSING_PAUSE, undefined, { ref: false });
    }
    this.#missing.delete(queue);
    return false;
  }

  /** Drops what waits for missing queues. */
  close(): void {
    this.#closed = true;
    this.#returned.close();
  }

  readonly #onReplyDone = (
    reply: OutgoingReply,
    error: MessagingError | undefined,
    keeper?: Keeper,
  ): void => {
    this.#underWay.end();
    if (error === undefined) return;
    if (!(error instanceof MessageUndeliverable)) {
      this.#logger.warn({ queue: reply.routingKey, reason: error.message }, 'reply not sent');
      // The caller is told that instead of being left to wait.
      if (error instanceof MessageTooLarge && reply.instead !== undefined) {
        void this.send(reply.routingKey, reply.instead(error), false);
      }
    } else if (!this.#returned.keep(reply, keeper)) this.#missing.delete(reply.routingKey);
  };

  #isGone(queue: string): boolean {
    if (!this.#gone.has(queue)) return false;
    this.#logger.debug({ queue }, 'reply dropped: its queue is gone');
    return true;
  }

  /** Resolves with the error, if the broker does not have it. */
  async #publish(
    queue: string,
    body: Buffer,
    retry: number,
    replyTo: string,
  ): Promise<MessagingError | undefined> {
    if (this.#isGone(queue)) return undefined;
    let failure: MessagingError | undefined;
    const onDone = (_reply: OutgoingReply, error: MessagingError | undefined): void => {
      failure = error;
    };
    const reply = new OutgoingReply({ queue, body, retry, properties: { replyTo }, onDone });
    this.#publisher.publish(reply);
    await reply.settled();
    return failure;
  }
}
