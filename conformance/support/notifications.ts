import type { ConsumeMessage } from 'amqplib';
import { expect } from 'vitest';
import type { NotificationEndpoint, NotificationPriority } from '../../packages/messaging/notify/index.ts';

export const PRIORITIES = ['audit', 'debug', 'info', 'warn', 'error', 'critical', 'sample'] as const;
export const PAYLOAD = { id: 7, name: '🚀 Zürich', nothing: null, parts: [1, [2]] };
/** A context of which everything may appear in a notification. */
export const CTXT = { request_id: 'req-1', user_id: 'u', project_id: 'p', roles: ['admin'] };

/** A notification as both ends are expected to see it. */
export const SEEN = {
  ctxt: expect.objectContaining(CTXT),
  event_type: 'thing.created',
  payload: PAYLOAD,
  metadata: {
    message_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
  },
};

/** A delivered notification without what differs each time. */
export function shape({ properties, content }: ConsumeMessage): object {
  const { contentType, contentEncoding, deliveryMode, priority, expiration } = properties;
  const body = JSON.parse(content.toString()) as Record<string, string>;
  const inner = body['oslo.message'];
  const message: object = inner === undefined ? body : JSON.parse(inner);
  return {
    properties: { contentType, contentEncoding, deliveryMode, priority, expiration },
    envelope: inner === undefined ? undefined : Object.keys(body).sort(),
    message: { ...message, _unique_id: 'ID', message_id: 'ID', publisher_id: 'ID', timestamp: 'TIME' },
  };
}

export interface Seen {
  priority: NotificationPriority;
  ctxt: object;
  publisher_id: string | null;
  event_type: string;
  payload: unknown;
  metadata: object;
}

/** An endpoint of ours that keeps what it receives; `result` decides what becomes of each notification. */
export function recorder(seen: Seen[], result: () => unknown = () => undefined): NotificationEndpoint {
  const methods = PRIORITIES.map((priority) => {
    const method = (
      ctxt: object,
      publisher_id: string | null,
      event_type: string,
      payload: unknown,
      metadata: object,
    ) => {
      seen.push({ priority, ctxt, publisher_id, event_type, payload, metadata });
      return result();
    };
    return [priority, method];
  });
  return Object.fromEntries(methods);
}
