import type { Roster } from '../../../collections.ts';
import type { Logger } from '../../../logger.ts';
import { errorText } from '../connection/amqp-error.ts';
import { type Delivery, openOrLog } from '../consume/delivery.ts';
import { decodeRollCall, encodeReply, SIGN_OF_LIFE, uniqueId } from '../wire/wire-message.ts';
import { rollCall } from '../wire/wire-properties.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';
import type { ReplySender } from './reply-sender.ts';

export interface RollCallOptions {
  /** What requests come from. */
  queues: readonly string[];
  /** The queue by which callers reach this server alone. */
  address: string;
  replies: ReplySender;
  logger: Logger;
}

/**
 * Answers a caller that asks which of its calls are here: a sign of life for each, and then one that says that these were
 * all. What came before it from the same queues was read before it. False when the message is no such question.
 */
export function answerRollCall(
  delivery: Delivery,
  calls: Roster<RabbitIncomingMessage>,
  { queues, address, replies, logger }: RollCallOptions,
): boolean {
  const asked = rollCall(delivery.message.properties);
  if (asked === undefined) return false;
  const queue = openOrLog(decodeRollCall, delivery, logger);
  // It goes to all servers of a topic, also when those of one host are meant.
  if (queue === undefined || !queues.includes(queue)) return true;
  const { id, replyQueue } = asked;
  const own = calls.items().filter((call) => call.replyQueue === replyQueue);
  const signs = own.map((call) => call.heartbeat());
  const answer = replies.sendNow(replyQueue, encodeReply(id, uniqueId(), SIGN_OF_LIFE, false), address);
  for (const sent of [...signs, answer]) {
    sent.catch((error: unknown) => logger.debug({ reason: errorText(error) }, 'sign of life not sent'));
  }
  return true;
}

/** Minimum milliseconds between two checks, however short a caller's timeout. */
const MIN_INTERVAL = 10;

/** Tells the callers of requests that wait that the server is alive, every half of their call-monitor timeouts. */
export class SignsOfLife {
  readonly #waiting: Iterable<RabbitIncomingMessage> & { readonly size: number };
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(waiting: Iterable<RabbitIncomingMessage> & { readonly size: number }, logger: Logger) {
    this.#waiting = waiting;
    this.#logger = logger;
  }

  /** To be called when requests have come or gone. One timer serves them all. */
  update(): void {
    if (this.#waiting.size === 0) this.stop();
    else if (this.#timer === undefined) this.#sweep();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sends the signs that are due, and runs again when the next can be due. */
  #sweep(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const request of this.#waiting) {
      const interval = request.signInterval;
      if (interval === undefined) continue;
      if (request.nextSign <= now) {
        request.nextSign = now + interval;
        request.heartbeat().catch((error: unknown) => {
          this.#logger.debug({ reason: errorText(error) }, 'sign of life not sent');
        });
      }
      next = Math.min(next, request.nextSign - now, interval);
    }
    const delay = Math.max(Math.min(next, MAX_INTERVAL), MIN_INTERVAL);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.update();
    }, delay).unref();
  }
}

/** Requests with shorter timeouts may come to those that wait (ms). */
const MAX_INTERVAL = 250;
