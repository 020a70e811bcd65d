import type { JsonObject } from '../json.ts';
import type { Transport } from '../transport.ts';
import type { NotificationMessage } from './notification-message.ts';
import type { NotificationPriority } from './priority.ts';
import type { RoutingGroups } from './routing-groups.ts';

/** A notification on its way to the drivers of a notifier. */
export interface SentNotification {
  /** What of the caller's context may be published. */
  ctxt: JsonObject;
  message: NotificationMessage;
  priority: NotificationPriority;
  /** How often sending is tried again: -1 forever, 0 never, N times. */
  retry: number;
}

/** One way that notifications take. */
export interface NotifierDriver {
  /** Resolves once it has taken the notification. When it rejects, the notifier logs it. */
  notify(notification: SentNotification): Promise<void>;
}

/** What a notifier tells its drivers. */
export interface NotifierDriverContext {
  transport: Transport;
  topics: readonly string[];
  /** For the routing driver. */
  routing: RoutingGroups;
}

/** @throws DriverLoadFailure when the driver cannot work with what it is given */
export type NotifierDriverFactory = (context: NotifierDriverContext) => NotifierDriver;
