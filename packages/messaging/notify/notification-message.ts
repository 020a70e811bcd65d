import { randomUUID } from 'node:crypto';
import type { JsonValue } from '../json.ts';
import type { NotificationPriority } from './priority.ts';

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

export interface NotificationMessageOptions {
  publisherId: string | undefined;
  eventType: string;
  priority: NotificationPriority;
  payload: JsonValue;
}

/** A message with an id of its own and the present time; its keys in the order in which oslo.messaging writes them. */
export function notificationMessage(options: NotificationMessageOptions): NotificationMessage {
  return {
    message_id: randomUUID(),
    publisher_id: options.publisherId ?? null,
    event_type: options.eventType,
    priority: options.priority.toUpperCase() as Uppercase<NotificationPriority>,
    payload: options.payload,
    timestamp: utcTimestamp(new Date()),
  };
}

/** UTC as Python prints it, with six digits of the second: `2026-11-21 01:44:15.431000`. */
export function utcTimestamp(date: Date): string {
  return date.toISOString().replace('T', ' ').replace('Z', '000');
}
