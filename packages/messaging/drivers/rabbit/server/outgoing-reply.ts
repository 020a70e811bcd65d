import type { MessageTooLarge, MessagingError } from '../../../errors.ts';
import type { OutgoingMessage } from '../publish/publication.ts';
import type { MoreProperties } from '../publish/publish-options.ts';

export interface OutgoingReplyOptions {
  /** The caller's queue. */
  queue: string;
  body: Buffer;
  retry: number;
  properties?: MoreProperties;
  /** What is to be sent instead, when the broker takes no message of this size. */
  instead?: Instead | undefined;
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
  readonly instead: Instead | undefined;
  readonly #onDone: OutgoingReplyOptions['onDone'];
  #isDone = false;
  #resolve: (() => void) | undefined;

  constructor({ queue, body, retry, properties, instead, onDone }: OutgoingReplyOptions) {
    this.routingKey = queue;
    this.body = body;
    this.retry = retry;
    if (properties !== undefined) this.properties = properties;
    this.instead = instead;
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
