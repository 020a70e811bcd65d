// What the built-in transports do for notifications is loaded here, by who has to do with them.
import '../drivers/memory/memory-notifications.ts';
import '../drivers/rabbit/notifications/rabbit-notifications.ts';
import type { NotificationDriver } from '../drivers/notification-driver.ts';
import { DriverLoadFailure } from '../errors.ts';
import type { Transport } from '../transport.ts';

/** What the transport does for notifications. @throws DriverLoadFailure when it carries none */
export function notificationsOf({ driver }: Transport): NotificationDriver {
  if (driver.notifications !== undefined) return driver.notifications;
  throw new DriverLoadFailure('messaging', 'the transport carries no notifications');
}
