import { CallCancelled, MessageUndeliverable, type MessagingError } from '../../../errors.ts';
import type { JsonValue } from '../../../json.ts';
import type { Target } from '../../../target.ts';
import { onAbort } from '../../../waits.ts';
import type { Reply, SendOptions } from '../../driver.ts';
import { type Outbox, type OutgoingMessage, type Publication, retries } from '../publish/publication.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { ReturnedMessage, ReturnedMessages } from '../publish/returned-messages.ts';
import type { ExchangeSpec } from '../topology/topology.ts';
import type { AbandonedCalls } from './abandoned-calls.ts';
import type { Destination, ReturnGrace } from './destinations.ts';
import type { ReplyWaiter, ReplyWaiters } from './reply-waiters.ts';

/** By whom requests are published. */
export interface Publishers {
  calls: Publisher;
  casts: Publisher;
  fanouts: Publisher;
}

/** What all requests of a driver share. */
export interface RequestTools {
  publishers: Publishers;
  outbox: Outbox;
  returned: ReturnedMessages;
  grace: ReturnGrace;
  waiters: ReplyWaiters;
  abandoned: AbandonedCalls;
  /** True while replies can come. */
  replies: { readonly ready: boolean };
}

/** What one request has of its own. */
interface RequestParts {
  target: Target;
  destination: Destination;
  options: SendOptions;
  body: Buffer;
  reject(error: MessagingError): void;
}

export interface CallParts extends RequestParts {
  method: string;
  msgId: string;
  resolve(reply: Reply): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * One call, from its request to its end. Because there are thousands each second, one object is the message, its
 * keeper when it is returned, and the receiver of the reply.
 */
export class OutgoingCall implements ReturnedMessage {
  readonly exchange: ExchangeSpec;
  readonly routingKey: string;
  readonly expiration: number | undefined;
  readonly createdAt = performance.now();
  readonly mandatory = true;
  readonly expectsReply = true;
  readonly alone: boolean;
  readonly retry: number;
  readonly gate: { readonly ready: boolean };
  /** Gone as soon as the broker has it. */
  body: Buffer;
  until: number | undefined;
  readonly onResult: ((result: JsonValue) => void) | undefined;
  readonly #tools: RequestTools;
  readonly #parts: CallParts;
  readonly #waiter: ReplyWaiter;
  #publication: Publication | undefined;
  #kept = false;
  #stopListening: (() => void) | undefined;

  /** @throws Overloaded */
  constructor(parts: CallParts, tools: RequestTools) {
    const { destination, options, body, msgId, target } = parts;
    const { timeout, callMonitorTimeout = null } = options;
    tools.outbox.take(body.length);
    this.exchange = destination.exchange;
    this.routingKey = destination.routingKey;
    this.expiration = timeout === undefined ? undefined : timeout * 1000;
    this.retry = retries(options.retry);
    this.gate = tools.replies;
    this.body = body;
    this.onResult = options.onResult;
    this.#tools = tools;
    this.#parts = parts;
    const { routingKey: queue } = destination;
    this.#waiter = tools.waiters.add({ msgId, timeout, callMonitorTimeout, queue, target, receiver: this });
    this.alone = tools.waiters.size === 1;
  }

  get callee(): string {
    const { method, target } = this.#parts;
    return `the reply of ${method} from ${target}`;
  }

  get isOver(): boolean {
    return this.#waiter.isSettled;
  }

  send(): void {
    const { signal } = this.#parts.options;
    if (signal !== undefined) {
      this.#stopListening = onAbort(signal, () => this.#waiter.cancel(signal.reason));
    }
    this.#publication = this.#tools.publishers.calls.publish(this);
  }

  done(error?: MessagingError): void {
    if (error === undefined) this.onTaken();
    else if (error instanceof MessageUndeliverable) this.#onReturned(error);
    else this.#waiter.fail(error);
  }

  onTaken(): void {
    this.#kept = false;
    this.#parts.destination.known = true;
    this.#release();
    this.#waiter.watch(performance.now());
  }

  onGivenUp(error: MessagingError): true {
    this.#kept = false;
    this.#fail(error);
    return true;
  }

  onReply(reply: Reply): void {
    this.#parts.destination.known = true;
    this.#end();
    this.#parts.resolve(reply);
  }

  onError(error: MessagingError): void {
    this.#end();
    // A server that has the request works for nobody.
    const mayRun = this.#publication?.written === true && !(error instanceof MessageUndeliverable);
    if (mayRun) this.#tools.abandoned.add(this.#parts.msgId, this.#waiter.server);
    this.#parts.reject(error);
  }

  #onReturned(error: MessageUndeliverable): void {
    const { options, destination } = this.#parts;
    const waits = options.failUndeliverable === false;
    this.until = waits ? Number.POSITIVE_INFINITY : this.#tools.grace.until(destination);
    if (this.until === undefined) {
      this.#fail(error);
      return;
    }
    this.#kept = true;
    this.#tools.returned.keep(this);
  }

  #fail(error: MessagingError): void {
    if (error instanceof MessageUndeliverable) this.#parts.destination.known = false;
    this.#waiter.fail(error);
  }

  /** Once the call has ended, its request must not be published again. */
  #end(): void {
    this.#stopListening?.();
    if (this.#publication !== undefined) this.#tools.publishers.calls.cancel(this.#publication);
    if (this.#kept) this.#tools.returned.takeBack(this);
    this.#release();
  }

  #release(): void {
    this.#tools.outbox.release(this.body.length);
    this.body = NOTHING;
  }
}

export interface CastParts extends RequestParts {
  resolve(): void;
}

/** One cast, until the broker has taken responsibility for it or nothing more can be done. */
export class OutgoingCast implements OutgoingMessage {
  readonly exchange: ExchangeSpec;
  readonly routingKey: string;
  readonly body: Buffer;
  /** Where no queue takes it, it is kept until one comes; but a fanout may well have nobody to go to. */
  readonly mandatory: boolean;
  readonly retry: number;
  readonly #parts: CastParts;
  readonly #tools: RequestTools;
  readonly #publisher: Publisher;
  #publication: Publication | undefined;
  #stopListening: (() => void) | undefined;

  /** @throws Overloaded */
  constructor(parts: CastParts, tools: RequestTools) {
    const { destination, options, body, target } = parts;
    const { outbox, publishers } = tools;
    outbox.take(body.length);
    this.exchange = destination.exchange;
    this.routingKey = destination.routingKey;
    this.body = body;
    this.mandatory = !target.fanout;
    this.retry = retries(options.retry);
    this.#parts = parts;
    this.#tools = tools;
    this.#publisher = target.fanout ? publishers.fanouts : publishers.casts;
  }

  send(): void {
    const { signal } = this.#parts.options;
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => this.#cancel(signal.reason));
    this.#publication = this.#publisher.publish(this);
  }

  done(error?: MessagingError): void {
    this.#stopListening?.();
    const { destination, resolve, reject } = this.#parts;
    this.#tools.outbox.release(this.body.length);
    if (error === undefined) destination.known = true;
    else if (!(error instanceof MessageUndeliverable && this.#tools.returned.keep(this))) {
      reject(error);
      return;
    }
    resolve();
  }

  /** Only while it was not sent. */
  #cancel(cause: unknown): void {
    if (this.#publication === undefined || this.#publication.written) return;
    if (!this.#publisher.cancel(this.#publication)) return;
    this.#tools.outbox.release(this.body.length);
    this.#parts.reject(new CallCancelled('The cast was cancelled before it was sent', { cause }));
  }
}
