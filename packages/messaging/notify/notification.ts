import { randomUUID } from 'node:crypto';
import type { IncomingNotification } from '../drivers/notification-driver.ts';
import { type JsonValue, textOr } from '../json.ts';
import type { RpcContext, Serializer } from '../serializers.ts';

/** In lower case: the names of a notifier's and an endpoint's methods, and the ends of routing keys. */
export const PRIORITIES = ['audit', 'debug', 'info', 'warn', 'error', 'critical', 'sample'] as const;

/** How urgent a notification is. `sample` is for small, frequent ones: "CPU 70 %". */
export type NotificationPriority = (typeof PRIORITIES)[number];

/** What identifies a notification; its keys as on the wire. */
export interface NotificationMetadata {
  readonly message_id: string | null;
  /** UTC: `2026-11-21 01:44:15.431000`. */
  readonly timestamp: string | null;
}

/** A notification as endpoints see it. */
export interface ReceivedNotification {
  readonly ctxt: RpcContext;
  readonly publisherId: string | null;
  readonly eventType: string;
  readonly payload: unknown;
  readonly metadata: NotificationMetadata;
}

/** What the serializer makes of a delivered notification. Throws what it throws. */
export function receivedNotification(
  { ctxt: wireContext, message }: IncomingNotification,
  serializer: Serializer,
): ReceivedNotification {
  const ctxt = serializer.deserializeContext(wireContext);
  return {
    ctxt,
    publisherId: textOr(message.publisher_id, null),
    eventType: textOr(message.event_type, ''),
    payload: serializer.deserializeEntity(ctxt, message.payload ?? null),
    metadata: { message_id: textOr(message.message_id, null), timestamp: textOr(message.timestamp, null) },
  };
}

/** In lower case; undefined when the message has none, or one that is unknown. */
export function priorityOf({ message }: IncomingNotification): NotificationPriority | undefined {
  const text = textOr(message.priority, null)?.toLowerCase();
  return PRIORITIES.find((priority) => priority === text);
}

/** A notification as it travels, beside its context. */
export interface NotificationMessage {
  /** A UUID. */
  message_id: string;
  /** Who notifies: `compute.host1`. */
  publisher_id: string | null;
  /** What has happened: `compute.instance.create.end`. */
  event_type: string;
  /** In upper case. */
  priority: Uppercase<NotificationPriority>;
  payload: JsonValue;
  /** UTC: `2026-11-21 01:44:15.431000`. */
  timestamp: string;
}

/** A message with an id of its own and the present time; its keys in the order in which oslo.messaging writes them. */
export function notificationMessage(
  publisherId: string | undefined,
  eventType: string,
  priority: NotificationPriority,
  payload: JsonValue,
): NotificationMessage {
  return {
    message_id: randomUUID(),
    publisher_id: publisherId ?? null,
    event_type: eventType,
    priority: priority.toUpperCase() as Uppercase<NotificationPriority>,
    payload,
    timestamp: utcTimestamp(new Date()),
  };
}

/** UTC as Python prints it, with six digits of the second: `2026-11-21 01:44:15.431000`. */
export function utcTimestamp(date: Date): string {
  return date.toISOString().replace('T', ' ').replace('Z', '000');
}

/** The contract of a notifier that declares none: any event, any payload. */
export type AnyNotifications = { [eventType: string]: unknown };

/**
 * The arguments of an endpoint's method, for a contract: a type that gives each event type its payload. Where the
 * method compares `eventType`, the compiler knows the payload.
 *
 *     type InstanceEvents = { 'instance.create.end': { uuid: string }; 'instance.delete.end': { at: string } };
 *
 *     class Watcher implements NotificationEndpointOf<InstanceEvents, 'info'> {
 *       info(...[_ctxt, _publisherId, eventType, payload]: NotificationArguments<InstanceEvents>) {
 *         if (eventType === 'instance.create.end') console.log(payload.uuid);
 *       }
 *     }
 */
export type NotificationArguments<C, Ctxt = object> = {
  [E in keyof C & string]: [
    ctxt: Ctxt,
    publisherId: string | null,
    eventType: E,
    payload: C[E],
    metadata: NotificationMetadata,
  ];
}[keyof C & string];

/** What an endpoint must have to be told of a contract's events with the given priorities. */
export type NotificationEndpointOf<C, P extends NotificationPriority, Ctxt = object> = {
  [M in P]: (...args: NotificationArguments<C, Ctxt>) => unknown;
};

/** An element of what a method of a batch endpoint is given. */
export type NotificationOf<C, Ctxt = object> = {
  [E in keyof C & string]: ReceivedNotification & {
    readonly ctxt: Ctxt;
    readonly eventType: E;
    readonly payload: C[E];
  };
}[keyof C & string];
