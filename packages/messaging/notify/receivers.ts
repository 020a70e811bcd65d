import type { IncomingNotification } from '../drivers/notification-driver.ts';
import { type Logger, logThrown } from '../logger.ts';
import type { Serializer } from '../serializers.ts';
import {
  type NotificationPriority,
  priorityOf,
  type ReceivedNotification,
  receivedNotification,
} from './notification.ts';
import { type EndpointMethod, NotificationResult } from './notification-endpoint.ts';

/** What a notification server does with delivered notifications. */
export interface NotificationReceiver {
  /** Resolves when the notification is acknowledged or requeued. Does not reject. */
  receive(incoming: IncomingNotification): Promise<void>;
  /** No more will come: whatever is held to be handled later is handled now. */
  flush(): void;
}

export interface ReceiverOptions {
  methods: ReadonlyMap<NotificationPriority, readonly EndpointMethod[]>;
  serializer: Serializer;
  /** False: what should be requeued is acknowledged. */
  allowRequeue: boolean;
  logger: Logger;
}

/** Acknowledges a notification, or requeues it where that is allowed. */
function settle(
  incoming: IncomingNotification,
  requeue: boolean,
  { allowRequeue, logger }: ReceiverOptions,
): void {
  if (requeue && allowRequeue) incoming.requeue();
  else incoming.acknowledge();
  if (requeue && !allowRequeue)
    logger.debug(describe(incoming), 'A notification is not requeued: not allowed');
}

/** What log lines say about a notification: its payload may hold secrets. */
function describe({ message }: IncomingNotification): object {
  const { message_id, publisher_id, event_type, priority } = message;
  return { message_id, publisher_id, event_type, priority };
}

function knownPriority(incoming: IncomingNotification, logger: Logger): NotificationPriority | undefined {
  const priority = priorityOf(incoming);
  if (priority === undefined) logger.warn(describe(incoming), 'Dropped a notification of unknown priority');
  return priority;
}

/** Tells endpoints of notifications one by one. */
export function singleReceiver(options: ReceiverOptions): NotificationReceiver {
  return {
    receive: async (incoming) => settle(incoming, await tellAll(incoming, options), options),
    flush() {},
  };
}

/** True: to be requeued. The endpoints after the one that wants so are not asked. */
async function tellAll(
  incoming: IncomingNotification,
  { methods, serializer, logger }: ReceiverOptions,
): Promise<boolean> {
  const priority = knownPriority(incoming, logger);
  if (priority === undefined) return false;
  try {
    const notification = receivedNotification(incoming, serializer);
    for (const method of methods.get(priority) ?? []) {
      if ((await tell(method, notification)) === NotificationResult.REQUEUE) return true;
    }
    return false;
  } catch (error) {
    // Whatever an endpoint or a serializer throws, the next notification must be handled.
    logThrown(logger, error, describe(incoming), 'A notification endpoint failed');
    return true;
  }
}

async function tell({ filter, call }: EndpointMethod, notification: ReceivedNotification): Promise<unknown> {
  if (filter?.matches(notification) === false) return undefined;
  const { ctxt, publisherId, eventType, payload, metadata } = notification;
  return call(ctxt, publisherId, eventType, payload, metadata);
}

export interface BatchReceiverOptions extends ReceiverOptions {
  /** How many notifications make a batch. */
  batchSize: number;
  /** Seconds from a batch's first notification until it is handled, full or not. */
  batchTimeout: number;
}

interface Held {
  readonly incoming: IncomingNotification;
  isRequeued: boolean;
  onSettled(): void;
}

/** What is left to be told: held, and as endpoints see it. */
interface Opened {
  readonly held: Held;
  readonly notification: ReceivedNotification;
}

/** Collects notifications and tells endpoints of them together, those of each priority for themselves. */
export class BatchReceiver implements NotificationReceiver {
  readonly #options: BatchReceiverOptions;
  #batch: Held[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatchReceiverOptions) {
    this.#options = options;
  }

  receive(incoming: IncomingNotification): Promise<void> {
    return new Promise((resolve) => {
      this.#batch.push({ incoming, isRequeued: false, onSettled: resolve });
      if (this.#batch.length >= this.#options.batchSize) this.flush();
      else this.#timer ??= setTimeout(() => this.flush(), this.#options.batchTimeout * 1000).unref();
    });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) void this.#handle(batch);
  }

  /** Does not reject. */
  async #handle(batch: readonly Held[]): Promise<void> {
    for (const [priority, opened] of this.#openByPriority(batch)) {
      const isRequeued = await this.#dispatch(priority, opened);
      for (const { held } of opened) held.isRequeued = isRequeued;
    }
    for (const { incoming, isRequeued, onSettled } of batch) {
      settle(incoming, isRequeued, this.#options);
      onSettled();
    }
  }

  /** Those that the serializer refuses are left out, and are to be requeued. */
  #openByPriority(batch: readonly Held[]): Map<NotificationPriority, Opened[]> {
    const { serializer, logger } = this.#options;
    const groups = new Map<NotificationPriority, Opened[]>();
    for (const held of batch) {
      const priority = knownPriority(held.incoming, logger);
      if (priority === undefined) continue;
      try {
        const notification = receivedNotification(held.incoming, serializer);
        groups.set(priority, [...(groups.get(priority) ?? []), { held, notification }]);
      } catch (error) {
        // The user's serializer may throw anything; the rest of the batch is none the worse.
        logThrown(logger, error, describe(held.incoming), 'A notification cannot be read');
        held.isRequeued = true;
      }
    }
    return groups;
  }

  /** True: all of them are to be requeued. The endpoints after the one that wants so are not asked. */
  async #dispatch(priority: NotificationPriority, opened: readonly Opened[]): Promise<boolean> {
    for (const { filter, call } of this.#options.methods.get(priority) ?? []) {
      try {
        const notifications = opened
          .map(({ notification }) => notification)
          .filter((notification) => filter?.matches(notification) ?? true);
        if (notifications.length === 0) continue;
        if ((await call(notifications)) === NotificationResult.REQUEUE) return true;
      } catch (error) {
        // Whatever an endpoint throws, the next batch must be handled.
        const data = { priority, notifications: opened.length };
        logThrown(this.#options.logger, error, data, 'A notification endpoint failed');
        return true;
      }
    }
    return false;
  }
}
