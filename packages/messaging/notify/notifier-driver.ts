import { DriverLoadFailure } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Transport } from '../transport.ts';
import type { NotificationMessage, NotificationPriority } from './notification.ts';

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

/**
 * What goes by which driver, in the form of oslo.messaging's `routing_config` file once that is parsed. A notification
 * goes by each driver whose rules, in some group, accept it.
 */
export interface RoutingGroups {
  readonly [group: string]: { readonly [driver: string]: RoutingRules };
}

/** All that are given must accept. A driver without rules takes everything. */
export interface RoutingRules {
  /** Shell patterns for event types: `compute.instance.*`. One must match. */
  readonly accepted_events?: readonly string[];
  /** Shell patterns for priorities, in any case: `error`. One must match. */
  readonly accepted_priorities?: readonly string[];
}

const factories = new Map<string, NotifierDriverFactory>();

/** Makes `name` a driver of notifiers. A built-in one can be replaced. */
export function registerNotifierDriver(name: string, factory: NotifierDriverFactory): void {
  factories.set(name, factory);
}

/** @throws DriverLoadFailure when there is no such driver, or it cannot work with its context */
export function createNotifierDriver(name: string, context: NotifierDriverContext): NotifierDriver {
  const factory = factories.get(name);
  if (factory === undefined) {
    throw new DriverLoadFailure(
      name,
      `no notifier's driver has this name; there are ${[...factories.keys()].join(', ')}`,
    );
  }
  return factory(context);
}
