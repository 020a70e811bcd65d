import { setTimeout as sleep } from 'node:timers/promises';
import { MessageTooLarge, MessageUndeliverable, type MessagingError } from '../../../errors.ts';
import { InFlight } from '../../../waits.ts';
import type { MoreProperties } from '../publish/publication.ts';
import type { Publisher } from '../publish/publisher.ts';
import {
  type ReturnedMessage,
  ReturnedMessages,
  type ReturnedMessagesContext,
} from '../publish/returned-messages.ts';

const FOREVER = Number.POSITIVE_INFINITY;
/** How many queues known to be gone are remembered, and for how long (ms). */
const GONE_LIMIT = 200;
const GONE_TTL = 60_000;

/** Reply queues that did not come back in time: their callers have ended. Small, bounded and forgetful. */
export class GoneQueues {
  readonly #until = new Map<string, number>();

  add(queue: string): void {
    this.#until.delete(queue);
    this.#until.set(queue, performance.now() + GONE_TTL);
    const [oldest = queue] = this.#until.keys();
    if (this.#until.size > GONE_LIMIT) this.#until.delete(oldest);
  }

  has(queue: string): boolean {
    const until = this.#until.get(queue);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#until.delete(queue);
    return false;
  }
}

/** Gives the body that tells a caller that its reply is too large. */
export type Instead = (error: MessageTooLarge) => Buffer;

export interface ReplyOptions {
  /** What is to be sent instead, when the broker takes no message of this size. */
  instead?: Instead | undefined;
  /** No other request runs here, whose reply it could be sent with. */
  alone?: boolean | undefined;
  /** Called when nobody will get the reply. */
  onLost?: (() => void) | undefined;
}

interface OutgoingReplyOptions extends ReplyOptions {
  /** Default: until it works. */
  retry?: number;
  /** The queue by which the caller reaches the server. */
  replyTo?: string;
  onDone(reply: OutgoingReply, error: MessagingError | undefined): void;
  /** Called when its queue, which was missing, has it. */
  onTaken?(): void;
}

/** One reply, until the broker has it or nothing more can be done for it. */
class OutgoingReply implements ReturnedMessage {
  readonly routingKey: string;
  readonly body: Buffer;
  readonly mandatory = true;
  readonly retry: number;
  readonly properties: MoreProperties | undefined;
  readonly alone: boolean;
  readonly options: OutgoingReplyOptions;
  #isDone = false;
  #resolve: (() => void) | undefined;

  /** @param queue the caller's */
  constructor(queue: string, body: Buffer, options: OutgoingReplyOptions) {
    const { retry = FOREVER, replyTo, alone = false } = options;
    this.routingKey = queue;
    this.body = body;
    this.retry = retry;
    this.properties = replyTo === undefined ? undefined : { replyTo };
    this.alone = alone;
    this.options = options;
  }

  done(error?: MessagingError): void {
    this.#isDone = true;
    this.options.onDone(this, error);
    this.#resolve?.();
  }

  onTaken(): void {
    this.options.onTaken?.();
  }

  onGivenUp(): boolean {
    this.options.onLost?.();
    return false;
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
const SENT = Promise.resolve();
const GOING_ON = Promise.resolve(true);
/** Bytes of results that may be on their way without the broker's having them. */
const RESULT_BYTES = 1024 * 1024;

/**
 * Sends replies to the queues of their callers.
 *
 * A reply whose queue is missing is tried again off the handler's path, for the caller may be about to declare
 * it anew. The queue of a caller that has ended never comes back: once that is clear, further replies to it are
 * dropped at once.
 */
export class ReplySender {
  readonly #publisher: Pick<Publisher, 'publish'>;
  readonly #context: ReturnedMessagesContext;
  readonly #returned: ReturnedMessages;
  readonly #gone = new GoneQueues();
  readonly #underWay = new InFlight();
  /** Queues of callers that take several results, for which results wait because they are missing. */
  readonly #missing = new Set<string>();
  #resultBytes = 0;
  #closed = false;

  constructor(publisher: Pick<Publisher, 'publish'>, context: ReturnedMessagesContext) {
    this.#publisher = publisher;
    this.#context = context;
    this.#returned = new ReturnedMessages(publisher, context, (queue) => {
      this.#gone.add(queue);
      this.#missing.delete(queue);
      return true;
    });
  }

  /**
   * Resolves when the reply is on its way, or, where `confirmed`, when the broker has it; or when nothing more can be
   * done for it here. Does not reject.
   */
  send(queue: string, body: Buffer, confirmed: boolean, options: ReplyOptions = {}): Promise<void> {
    if (this.#isGone(queue)) {
      options.onLost?.();
      return SENT;
    }
    const reply = new OutgoingReply(queue, body, { ...options, onDone: this.#onDone });
    this.#underWay.begin();
    const { written } = this.#publisher.publish(reply);
    return written && !confirmed ? SENT : reply.settled();
  }

  /** Resolves when the broker has all replies that were sent, or nothing more can be done for them. */
  flush(): Promise<void> {
    return this.#underWay.idle();
  }

  /** As `send`, but once: it is worthless later. @param replyTo the queue by which the caller reaches the server */
  async sendNow(queue: string, body: Buffer, replyTo: string): Promise<void> {
    const failure = await this.#publish(queue, body, replyTo, 0);
    if (failure !== undefined) {
      this.#context.logger.debug({ queue, reason: failure.message }, 'sign of life not sent');
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
    const result = new OutgoingReply(queue, body, {
      replyTo,
      instead,
      onDone: (reply, error) => {
        this.#resultBytes -= body.length;
        if (error instanceof MessageUndeliverable) this.#missing.add(queue);
        this.#onDone(reply, error);
      },
      onTaken: () => this.#missing.delete(queue),
    });
    this.#underWay.begin();
    this.#resultBytes += body.length;
    const { written } = this.#publisher.publish(result);
    if (written && this.#resultBytes <= RESULT_BYTES) return GOING_ON;
    return result.settled().then(() => !this.#closed);
  }

  /** As long as the queue is missing, its results come no faster than it is tried. */
  async #insist(queue: string, body: Buffer, replyTo: string): Promise<boolean> {
    const giveUpAt = performance.now() + this.#context.settings.kombuMissingConsumerRetryTimeout * 1000;
    while (!this.#gone.has(queue)) {
      const failure = await this.#publish(queue, body, replyTo);
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

  readonly #onDone = (reply: OutgoingReply, error: MessagingError | undefined): void => {
    this.#underWay.end();
    if (error === undefined) return;
    const { routingKey: queue, options } = reply;
    if (error instanceof MessageUndeliverable) {
      if (!this.#returned.keep(reply)) this.#missing.delete(queue);
      return;
    }
    options.onLost?.();
    this.#context.logger.warn({ queue, reason: error.message }, 'reply not sent');
    // The caller is told that instead of being left to wait.
    if (error instanceof MessageTooLarge && options.instead !== undefined) {
      void this.send(queue, options.instead(error), false);
    }
  };

  #isGone(queue: string): boolean {
    if (!this.#gone.has(queue)) return false;
    this.#context.logger.debug({ queue }, 'reply dropped: its queue is gone');
    return true;
  }

  /** Resolves with the error, if the broker does not have it. */
  #publish(
    queue: string,
    body: Buffer,
    replyTo: string,
    retry?: number,
  ): Promise<MessagingError | undefined> {
    if (this.#isGone(queue)) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const onDone = (_reply: OutgoingReply, error: MessagingError | undefined): void => resolve(error);
      this.#publisher.publish(
        new OutgoingReply(queue, body, { replyTo, onDone, ...(retry !== undefined && { retry }) }),
      );
    });
  }
}
