import type { MessagingError } from '../../../errors.ts';
import type { OutgoingMessage } from '../publish/publication.ts';
import type { MoreProperties } from '../publish/publish-options.ts';

export interface OutgoingReplyOptions {
  /** The caller's queue. */
  queue: string;
  body: Buffer;
  retry: number;
  properties?: MoreProperties;
  onDone(reply: OutgoingReply, error: MessagingError | undefined): void;
}

/** One reply, until the broker has it or nothing more can be done for it. */
export class OutgoingReply implements OutgoingMessage {
  readonly routingKey: string;
  readonly body: Buffer;
  readonly mandatory = true;
  readonly retry: number;
  readonly properties?: MoreProperties;
  readonly #onDone: OutgoingReplyOptions['onDone'];
  #isDone = false;
  #resolve: (() => void) | undefined;

  constructor({ queue, body, retry, properties, onDone }: OutgoingReplyOptions) {
    this.routingKey = queue;
    this.body = body;
    this.retry = retry;
    if (properties !== undefined) this.properties = properties;
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
