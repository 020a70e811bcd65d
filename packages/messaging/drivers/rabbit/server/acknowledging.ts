import { DuplicateFilter } from '../../../collections.ts';
import { errorText } from '../connection/amqp-error.ts';
import { acknowledge, acknowledgeDelivery, sendNow } from '../consume/delivery.ts';
import { lostDeliveries, publishedAttempt, requestKey } from './headers.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';
import type { ServerContext } from './listener.ts';
import type { Retries } from './retries.ts';

/** When requests are acknowledged, and what becomes of those that fail. */
export interface Acknowledging {
  /** Whether a request's body is needed once it is decoded. */
  readonly keepsBody: boolean;
  /** Whether the broker must have a request's reply before the request is acknowledged. */
  readonly confirmsReplies: boolean;
  /** These are about to start, in the order in which they came on the channel; false: the channel is closed. */
  begin(requests: readonly RabbitIncomingMessage[]): boolean;
  /** Whether it is to run; else it was seen to. */
  accepts(request: RabbitIncomingMessage): boolean;
  /** It waited when its channel was lost, and will be delivered again. Absent: that makes no difference. */
  forget?(request: RabbitIncomingMessage): void;
  /** It has begun, and need not run any more. Absent: as above. */
  drop?(request: RabbitIncomingMessage): void;
  /** It has run. `settled` is called once nothing of it is held any more. */
  finish(request: RabbitIncomingMessage, failure: unknown, settled: Settled): void;
  /**
   * Its server gives it up while it runs. True: it will be delivered again, and has finished here, with `settled` as
   * above. False: it will not. Absent: it never is.
   */
  giveBack?(request: RabbitIncomingMessage, settled: Settled): boolean;
}

type Settled = (request: RabbitIncomingMessage) => void;

/** At most once: a request is acknowledged when it starts, and never runs again. */
export class AckBefore implements Acknowledging {
  readonly keepsBody = false;
  readonly confirmsReplies = false;
  readonly #server: ServerContext;
  readonly #seen = new DuplicateFilter();

  constructor(server: ServerContext) {
    this.#server = server;
  }

  /** With one frame for all: those before them on the channel have started, too. */
  begin(requests: readonly RabbitIncomingMessage[]): boolean {
    const last = requests.at(-1)?.delivery;
    if (last === undefined) return true;
    for (const { delivery } of requests) delivery.queue.unacknowledged -= 1;
    if (!acknowledge(last.channel, last.message.fields.deliveryTag, true)) return false;
    // Before their methods can keep this process busy or end it.
    return sendNow(last.channel);
  }

  /** Noted only once it is acknowledged: else it comes again, and must run then. */
  accepts(request: RabbitIncomingMessage): boolean {
    const key = requestKey(request);
    if (key === undefined || this.#seen.add(key)) return true;
    noteDuplicate(request, this.#server);
    return false;
  }

  finish(request: RabbitIncomingMessage, _failure: unknown, settled: Settled): void {
    settled(request);
  }
}

function noteDuplicate(request: RabbitIncomingMessage, { logger, tell }: ServerContext): void {
  const { queue, uniqueId } = request;
  logger.debug({ queue, uniqueId }, 'message dropped: it has come before');
  tell('duplicate_dropped', request);
}

/** More requests than a server can have waiting. */
const UNTRIED = 4_096;

/**
 * At least once: a request is acknowledged when it has run and is answered. A cast that fails is published again
 * with the number of its next attempt, and then acknowledged; after the last it becomes a dead letter. A call that
 * fails has its error for an answer.
 *
 * A request that its server gives up while it runs is published again as a cast that fails is, also when it is a call:
 * its answer is that of its next run. Where the server stops, it is left to the broker, which delivers it again.
 *
 * A request that is delivered again counts as tried: it may have been what killed its server. Classic queues only
 * tell that it was delivered before, so it is published again with its number before it runs.
 */
export class AckAfter implements Acknowledging {
  readonly keepsBody = true;
  readonly confirmsReplies = true;
  readonly #server: ServerContext;
  readonly #retries: Retries;
  readonly #deliveryLimit: number;
  /** What runs, or waits for its next attempt. */
  readonly #unsettled = new Map<string, RabbitIncomingMessage>();
  /** What has run, or was published again. */
  readonly #settled = new DuplicateFilter();
  /** Requests that only waited here before their channel was lost. */
  readonly #untried = new DuplicateFilter(UNTRIED);

  /** @param deliveryLimit how often a request is tried */
  constructor(server: ServerContext, retries: Retries, deliveryLimit: number) {
    this.#server = server;
    this.#retries = retries;
    this.#deliveryLimit = deliveryLimit;
  }

  begin(): boolean {
    return true;
  }

  accepts(request: RabbitIncomingMessage): boolean {
    const { message } = request.delivery;
    const key = requestKey(request);
    if (key !== undefined && this.#isKnown(key, request)) return false;
    const lost = key !== undefined && this.#untried.has(key) ? 0 : lostDeliveries(message);
    request.attempt = publishedAttempt(message) + (lost ?? 1);
    if (key !== undefined) this.#unsettled.set(key, request);
    if (request.attempt > this.#deliveryLimit) {
      this.#end(request, 'it was delivered again too often: it may have killed its servers');
      return false;
    }
    if (lost !== undefined) return true;
    this.#retries.now(request, () => this.#settle(request));
    return false;
  }

  forget(request: RabbitIncomingMessage): void {
    const key = requestKey(request);
    if (key !== undefined) this.#untried.add(key);
  }

  drop(request: RabbitIncomingMessage): void {
    this.#settle(request);
  }

  finish(request: RabbitIncomingMessage, failure: unknown, settled: Settled): void {
    const settle = this.#settler(request, settled);
    if (failure === undefined || request.expectsReply) settle();
    else if (request.attempt >= this.#deliveryLimit) {
      this.#retries.deadLetter(request, errorText(failure), settle);
    } else this.#retries.later(request, settle);
  }

  giveBack(request: RabbitIncomingMessage, settled: Settled): boolean {
    if (request.attempt >= this.#deliveryLimit) return false;
    this.#retries.later(request, this.#settler(request, settled));
    return true;
  }

  #settler(request: RabbitIncomingMessage, settled: Settled): () => void {
    return () => {
      this.#settle(request);
      settled(request);
    };
  }

  /** It must not run again. */
  #end(request: RabbitIncomingMessage, reason: string): void {
    const settle = (): void => this.#settle(request);
    if (request.expectsReply) void this.#retries.refuse(request, reason).then(settle);
    else this.#retries.deadLetter(request, reason, settle);
  }

  /** Whether this attempt is under way here, or over. */
  #isKnown(key: string, request: RabbitIncomingMessage): boolean {
    const other = this.#unsettled.get(key);
    if (other === undefined && !this.#settled.has(key)) return false;
    noteDuplicate(request, this.#server);
    if (other !== undefined && other.delivery.channel !== request.delivery.channel) {
      // The channel of the other has gone: once that has run, this delivery is to be acknowledged.
      other.delivery = request.delivery;
    } else acknowledgeDelivery(request.delivery);
    return true;
  }

  #settle(request: RabbitIncomingMessage): void {
    const key = requestKey(request);
    if (key !== undefined) {
      this.#unsettled.delete(key);
      this.#settled.add(key);
    }
    acknowledgeDelivery(request.delivery);
  }
}
