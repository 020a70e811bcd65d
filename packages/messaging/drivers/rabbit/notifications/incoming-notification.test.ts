import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../json.ts';
import { publishOptions } from '../publish/publication.ts';
import { MalformedMessage } from '../wire/wire-message.ts';
import { decodeNotification, encodeNotification } from './incoming-notification.ts';

interface Vector {
  what: string;
  properties: Record<string, unknown>;
  body: string;
}

const file = new URL('../wire/testdata/oslo-amqp.json', import.meta.url);
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as Vector[]).filter(({ what }) =>
  what.startsWith('notification'),
);

/** Python separates with ", " and ": "; in a text that was JSON in JSON, too. Everything else must be equal. */
function compact(text: string): string {
  const outer = JSON.parse(text) as JsonObject;
  const inner = outer['oslo.message'];
  if (typeof inner === 'string') outer['oslo.message'] = JSON.stringify(JSON.parse(inner));
  return JSON.stringify(outer);
}

test('there is a recorded notification of each version', () => {
  expect(vectors.map(({ what }) => what.includes('v1'))).toEqual([false, true]);
});

test.each(vectors)('$what: read and written again, it is the same', ({ what, body, properties }) => {
  const { ctxt, message, uniqueId } = decodeNotification(Buffer.from(body));
  expect(ctxt).toEqual({ user_id: 'u', project_id: 'p', request_id: 'req-1' });
  expect(Object.keys(message)).toEqual([
    'message_id',
    'publisher_id',
    'event_type',
    'priority',
    'payload',
    'timestamp',
  ]);
  const version = what.includes('v1') ? '1.0' : '2.0';
  const written = encodeNotification({ ctxt, message, version }, uniqueId ?? '').toString();
  expect(compact(written)).toBe(compact(body));
  const { priority, deliveryMode, headers, contentEncoding, contentType } = publishOptions({
    mandatory: true,
  });
  expect(properties).toEqual({
    priority,
    delivery_mode: deliveryMode,
    headers,
    content_encoding: contentEncoding,
    content_type: contentType,
  });
});

test('a body that is no notification is malformed', () => {
  expect(() => decodeNotification(Buffer.from('[]'))).toThrow(MalformedMessage);
});
