import type { IncomingNotification } from '../drivers/notification-driver.ts';
import { logThrown } from '../thrown.ts';
import { priorityOf, type ReceivedNotification, receivedNotification } from './notification.ts';
import { NotificationResult } from './notification-endpoint.ts';
import {
  describe,
  type NotificationReceiver,
  type ReceiverOptions,
  settle,
} from './notification-receiver.ts';
import { isPriority, type NotificationPriority } from './priority.ts';

export interface BatchReceiverOptions extends ReceiverOptions {
  /** How many notifications make a batch. */
  batchSize: number;
  /** Seconds from a batch's first notification until it is handled, full or not. */
  batchTimeout: number;
}

interface Held {
  incoming: IncomingNotification;
  onSettled(): void;
}

/** What is left to be told: raw and as endpoints see it. */
interface Opened {
  incoming: IncomingNotification;
  notification: ReceivedNotification;
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
      this.#batch.push({ incoming, onSettled: resolve });
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
    const requeued = new Set<IncomingNotification>();
    for (const [priority, opened] of this.#byPriority(batch, requeued)) {
      if (!(await this.#dispatch(priority, opened))) continue;
      for (const { incoming } of opened) requeued.add(incoming);
    }
    for (const { incoming, onSettled } of batch) {
      settle(incoming, requeued.has(incoming), this.#options);
      onSettled();
    }
  }

  /** @param unreadable takes those that the serializer refuses */
  #byPriority(
    batch: readonly Held[],
    unreadable: Set<IncomingNotification>,
  ): Map<NotificationPriority, Opened[]> {
    const groups = new Map<NotificationPriority, Opened[]>();
    for (const { incoming } of batch) {
      const priority = priorityOf(incoming);
      if (!isPriority(priority)) {
        this.#options.logger.warn(describe(incoming), 'Dropped a notification of unknown priority');
        continue;
      }
      const notification = this.#open(incoming);
      if (notification === undefined) unreadable.add(incoming);
      else groups.set(priority, [...(groups.get(priority) ?? []), { incoming, notification }]);
    }
    return groups;
  }

  #open(incoming: IncomingNotification): ReceivedNotification | undefined {
    try {
      return receivedNotification(incoming, this.#options.serializer);
    } catch (error) {
      // The user's serializer may throw anything; the rest of the batch is none the worse.
      logThrown(this.#options.logger, error, describe(incoming), 'A notification cannot be read');
      return undefined;
    }
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
