import type { IncomingNotification } from '../drivers/notification-driver.ts';
import type { Logger } from '../logger.ts';
import type { Serializer } from '../serializer.ts';
import type { EndpointMethod } from './notification-endpoint.ts';
import type { NotificationPriority } from './priority.ts';

/** What a notification server does with what is delivered. */
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
export function settle(
  incoming: IncomingNotification,
  requeue: boolean,
  { allowRequeue, logger }: ReceiverOptions,
): void {
  if (requeue && allowRequeue) incoming.requeue();
  else incoming.acknowledge();
  if (requeue && !allowRequeue)
    logger.debug(describe(incoming), 'A notification is not requeued: not allowed');
}

/** What log lines tell of a notification: its payload may hold secrets. */
export function describe({ message }: IncomingNotification): object {
  const { message_id, publisher_id, event_type, priority } = message;
  return { message_id, publisher_id, event_type, priority };
}
