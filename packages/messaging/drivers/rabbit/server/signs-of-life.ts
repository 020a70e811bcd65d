import type { Fifo } from '@mini-nova/event-loop';
import type { Roster } from '../../../collections.ts';
import { type Delivery, openOrLog } from '../consume/delivery.ts';
import { decodeRollCall, encodeReply, SIGN_OF_LIFE, uniqueId } from '../wire/wire-message.ts';
import { rollCall } from '../wire/wire-properties.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';
import type { ServerContext } from './listener.ts';

/**
 * Answers a caller that asks which of its calls are here: a sign of life for each, and then one that says that these were
 * all. What came before it from the same queues was read before it. False when the message is no such question.
 */
export function answerRollCall(
  delivery: Delivery,
  calls: Roster<RabbitIncomingMessage>,
  { queues, replies, logger }: ServerContext,
): boolean {
  const asked = rollCall(delivery.message.properties);
  if (asked === undefined) return false;
  const queue = openOrLog(decodeRollCall, delivery, logger);
  // It goes to all servers of a topic, also when those of one host are meant.
  if (queue !== queues.topic.name && queue !== queues.own.name) return true;
  const { id, replyQueue } = asked;
  const own = calls.items().filter(({ call }) => call?.replyQueue === replyQueue);
  for (const call of own) void call.heartbeat();
  void replies.sendNow(replyQueue, encodeReply(id, uniqueId(), SIGN_OF_LIFE, false), queues.fanout.name);
  return true;
}

/** Minimum milliseconds between two checks, however short a caller's timeout. */
const MIN_INTERVAL = 10;

/** Tells the callers of requests that wait that the server is alive, every half of their call-monitor timeouts. */
export class SignsOfLife {
  readonly #waiting: Fifo<RabbitIncomingMessage>;
  #timer: NodeJS.Timeout | undefined;

  constructor(waiting: Fifo<RabbitIncomingMessage>) {
    this.#waiting = waiting;
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
        void request.heartbeat();
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
