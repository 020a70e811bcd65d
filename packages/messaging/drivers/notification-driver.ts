import type { JsonObject, JsonValue } from '../json.ts';
import type { Listener } from './driver.ts';

/** What a transport does for notifications. */
export interface NotificationDriver {
  /**
   * Publishes one notification to the queue of `<topic>.<priority>`. Resolves when the broker has it.
   * @throws MessageDeliveryFailure when it could not be taken, after `retry` further tries
   */
  notify(notification: OutgoingNotification): Promise<void>;

  /**
   * Consumes notifications. Resolves once they are delivered; from then on the driver keeps the consumers alive.
   * A notification is acknowledged when its receiver says so.
   */
  listen(
    topics: readonly NotificationTopic[],
    onNotification: (incoming: IncomingNotification) => void,
    options: NotificationListenOptions,
  ): Promise<Listener>;
}

/** A notification on its way to one topic. */
export interface OutgoingNotification {
  /** The exchange; absent: the transport's control exchange. */
  exchange?: string | undefined;
  topic: string;
  /** In lower case, as in the routing key. */
  priority: string;
  ctxt: JsonObject;
  /** message_id, publisher_id, event_type, priority, payload, timestamp. */
  message: JsonObject;
  /** `2.0` (driver messagingv2): in an envelope; `1.0` (driver messaging): without. */
  version: '1.0' | '2.0';
  /** How often publishing is tried again: -1 forever, 0 never, N times. */
  retry: number;
}

/** What to listen to: one topic, in one priority. */
export interface NotificationTopic {
  exchange?: string | undefined;
  topic: string;
  /** In lower case. */
  priority: string;
}

/** How notifications are taken. */
export interface NotificationListenOptions {
  signal?: AbortSignal;
  /**
   * Listeners of one pool share its copy of each notification. Listeners without a pool share another one: there
   * should be one such listener, because the notifications wait for it for as long as there is none.
   */
  pool?: string | undefined;
  /**
   * How many notifications are handled at once, and held at most; the rest waits. 0: no limit, not even of memory.
   * Default: RabbitMQ's `rabbit_qos_prefetch_count` if that is set, or 64.
   */
  prefetch?: number | undefined;
}

/** One delivered notification, to be acknowledged or requeued by its receiver. */
export interface IncomingNotification {
  readonly ctxt: JsonObject;
  readonly message: { [key: string]: JsonValue | undefined };
  acknowledge(): void;
  /** It is delivered again, to this listener or another. */
  requeue(): void;
}

/** How many notifications a listener holds unacknowledged by default: as many as oslo.messaging handles at once. */
export const DEFAULT_PREFETCH = 64;

/**
 * Milliseconds before a redelivered notification is requeued again. The first time it is requeued at once; a listener
 * that can never handle it must not loop with its queue.
 */
export const REQUEUE_PAUSE = 1_000;

/** What becomes of a held notification. */
interface Fate {
  /** Whether it has been delivered before. */
  redelivered(): boolean;
  /** It is handled, or is to be delivered again. Called once. */
  end(handled: boolean): void;
}

/** A notification that was delivered and waits for its receiver's word. */
export class HeldNotification implements IncomingNotification {
  readonly ctxt: JsonObject;
  readonly message: JsonObject;
  readonly #fate: Fate;
  #settled = false;
  #requeueTimer: NodeJS.Timeout | undefined;

  constructor({ ctxt, message }: { ctxt: JsonObject; message: JsonObject }, fate: Fate) {
    this.ctxt = ctxt;
    this.message = message;
    this.#fate = fate;
  }

  acknowledge(): void {
    if (this.#settle()) this.#fate.end(true);
  }

  requeue(): void {
    if (!this.#settle()) return;
    if (!this.#fate.redelivered()) this.#fate.end(false);
    else this.#requeueTimer = setTimeout(() => this.hurry(), REQUEUE_PAUSE).unref();
  }

  /** Ends the pause before it is given back. */
  hurry(): void {
    if (this.#requeueTimer === undefined) return;
    clearTimeout(this.#requeueTimer);
    this.#requeueTimer = undefined;
    this.#fate.end(false);
  }

  /** Gives it back if its receiver has not settled it; what it says later counts no more. */
  abandon(): void {
    if (this.#settle()) this.#fate.end(false);
  }

  #settle(): boolean {
    const isFirst = !this.#settled;
    this.#settled = true;
    return isFirst;
  }
}
