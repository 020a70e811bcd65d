import type { IncomingNotification } from '../drivers/notification-driver.ts';
import type { JsonValue } from '../json.ts';
import type { RpcContext, Serializer } from '../serializer.ts';

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
    publisherId: textOrNull(message.publisher_id),
    eventType: textOrNull(message.event_type) ?? '',
    payload: serializer.deserializeEntity(ctxt, message.payload ?? null),
    metadata: { message_id: textOrNull(message.message_id), timestamp: textOrNull(message.timestamp) },
  };
}

/** In lower case; '' when the message has none. */
export function priorityOf({ message }: IncomingNotification): string {
  return textOrNull(message.priority)?.toLowerCase() ?? '';
}

function textOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
