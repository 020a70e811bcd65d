import type { IncomingNotification } from '../drivers/notification-driver.ts';
import { logThrown } from '../thrown.ts';
import { priorityOf, type ReceivedNotification, receivedNotification } from './notification.ts';
import { type EndpointMethod, NotificationResult } from './notification-endpoint.ts';
import {
  describe,
  type NotificationReceiver,
  type ReceiverOptions,
  settle,
} from './notification-receiver.ts';
import { isPriority } from './priority.ts';

/** Tells endpoints of notifications one by one. */
export class SingleReceiver implements NotificationReceiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  async receive(incoming: IncomingNotification): Promise<void> {
    settle(incoming, await this.#dispatch(incoming), this.#options);
  }

  flush(): void {}

  /** True: to be requeued. The endpoints after the one that wants so are not asked. */
  async #dispatch(incoming: IncomingNotification): Promise<boolean> {
    const { methods, serializer, logger } = this.#options;
    const priority = priorityOf(incoming);
    if (!isPriority(priority)) {
      logger.warn(describe(incoming), 'Dropped a notification of unknown priority');
      return false;
    }
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
}

async function tell({ filter, call }: EndpointMethod, notification: ReceivedNotification): Promise<unknown> {
  if (filter?.matches(notification) === false) return undefined;
  const { ctxt, publisherId, eventType, payload, metadata } = notification;
  return call(ctxt, publisherId, eventType, payload, metadata);
}
