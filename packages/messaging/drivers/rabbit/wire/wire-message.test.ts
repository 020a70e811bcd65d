import { readFileSync } from 'node:fs';
import type { Options } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { UnsupportedRpcEnvelopeVersion } from '../../../errors.ts';
import type { JsonObject } from '../../../json.ts';
import { Target } from '../../../target.ts';
import { requestRoute } from '../client/destinations.ts';
import { publishOptions } from '../publish/publication.ts';
import { rabbitSettings } from '../rabbit-options.ts';
import { Topology } from '../topology/topology.ts';
import {
  decodeReply,
  decodeRequest,
  decodeRollCall,
  encodeCancel,
  encodeReply,
  encodeRequest,
  encodeResult,
  encodeRollCall,
  MalformedMessage,
  openEnvelope,
  packMessage,
  sealEnvelope,
  uniqueId,
  unpackMessage,
} from './wire-message.ts';

interface Vector {
  what: string;
  exchange: string;
  routing_key: string;
  properties: Record<string, unknown>;
  body: string;
}

const file = new URL('./testdata/oslo-amqp.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vector[];
const isReply = (vector: Vector): boolean => vector.routing_key.startsWith('reply_');
const isNotification = (vector: Vector): boolean => vector.what.startsWith('notification');
const replies = vectors.filter(isReply);
const notifications = vectors.filter(isNotification);
const requests = vectors.filter((vector) => !isReply(vector) && !isNotification(vector));

const body = (vector: Vector): Buffer => Buffer.from(vector.body);

/** Python separates with ", " and ": "; in a text that was JSON in JSON, too. Everything else must be equal. */
function compact(text: string): string {
  const outer = JSON.parse(text) as JsonObject;
  const inner = outer['oslo.message'];
  if (typeof inner === 'string') outer['oslo.message'] = JSON.stringify(JSON.parse(inner));
  return JSON.stringify(outer);
}

function wireProperties(options: Options.Publish): Record<string, unknown> {
  const { expiration, priority, deliveryMode, headers, contentEncoding, contentType } = options;
  return {
    ...(expiration !== undefined && { expiration }),
    priority,
    delivery_mode: deliveryMode,
    headers,
    content_encoding: contentEncoding,
    content_type: contentType,
  };
}

test('the vectors hold requests, replies and notifications', () => {
  expect([requests.length, replies.length, notifications.length]).toEqual([8, 10, 2]);
});

describe.each(requests)('request: $what', (vector) => {
  const request = decodeRequest(body(vector));
  const inner = openEnvelope(body(vector));

  test('is decoded', () => {
    expect(request.message).toEqual({
      method: inner.method,
      args: inner.args,
      namespace: 'compute_task',
      version: inner.version,
    });
    expect(request.ctxt).toEqual({ user_id: 'u', project_id: 'p', request_id: 'req-1' });
    expect(request.uniqueId).toBe(inner._unique_id);
    const call = {
      msgId: inner._msg_id,
      replyQueue: inner._reply_q,
      callMonitorTimeout: inner._timeout,
    };
    expect(request.call).toEqual(vector.what.includes('cast') ? undefined : call);
  });

  test('is encoded as Python does it', () => {
    const encoded = encodeRequest(request, request.uniqueId ?? '', request.call).toString();
    expect(compact(encoded)).toBe(compact(vector.body));
  });

  test('goes where Python sends it, with the same properties', () => {
    const [topic = '', server] = vector.routing_key.split('.');
    const target = vector.what.includes('fanout')
      ? new Target({ topic: 'conductor', fanout: true })
      : new Target({ topic, ...(server !== undefined && { server }) });
    const route = requestRoute(target, 'nova', new Topology(rabbitSettings()));
    expect([route.exchange.name, route.routingKey]).toEqual([vector.exchange, vector.routing_key]);
    const timeout = request.call === undefined ? undefined : vector.what.includes('timeout=30') ? 30 : 60;
    const options = publishOptions(timeout === undefined ? {} : { expiration: timeout * 1000 });
    expect(wireProperties(options)).toEqual(vector.properties);
  });
});

describe.each(replies)('reply: $what', (vector) => {
  const reply = decodeReply(body(vector));
  const inner = openEnvelope(body(vector));

  test('is decoded', () => {
    expect(reply).toEqual({
      result: inner.result,
      failure: inner.failure,
      ending: !vector.what.includes('heartbeat'),
      msgId: inner._msg_id,
      uniqueId: inner._unique_id,
    });
    expect(reply.failure !== null).toBe(vector.what.includes('failure'));
  });

  test('is encoded as Python does it', () => {
    const encoded = encodeReply(reply.msgId, reply.uniqueId ?? '', reply, reply.ending).toString();
    expect(compact(encoded)).toBe(compact(vector.body));
  });

  test('has the same properties, and the mandatory flag', () => {
    const options = publishOptions({ mandatory: true });
    expect(options.mandatory).toBe(true);
    expect(wireProperties(options)).toEqual(vector.properties);
  });
});

describe.each(notifications)('$what', (vector) => {
  test('is unpacked and packed again as Python does it, with or without envelope', () => {
    const packed = unpackMessage(openEnvelope(body(vector)));
    expect(packed.payload).toMatchObject({ publisher_id: 'compute.host1' });
    expect(packed.ctxt).toEqual({ user_id: 'u', project_id: 'p', request_id: 'req-1' });
    const flat = packMessage(packed);
    const enveloped = vector.body.includes('oslo.version');
    const encoded = enveloped ? sealEnvelope(flat).toString() : JSON.stringify(flat);
    expect(compact(encoded)).toBe(compact(vector.body));
  });
});

describe('decoding what others send', () => {
  const seal = (message: JsonObject): Buffer => sealEnvelope(message);

  test('a request without an envelope is read as it is', () => {
    const text = '{"method": "echo", "args": {"a": 1}, "_context_user": "u"}';
    const request = { message: { method: 'echo', args: { a: 1 } }, ctxt: { user: 'u' }, size: text.length };
    expect(decodeRequest(Buffer.from(text))).toEqual(request);
  });

  test('a request without args has none', () => {
    expect(decodeRequest(seal({ method: 'echo' })).message).toEqual({ method: 'echo', args: {} });
  });

  test('text beyond ASCII survives the double encoding', () => {
    const text = 'Grüße, "quotes", \\ and 漢字 \u{1f600}\n';
    const encoded = encodeRequest({ ctxt: {}, message: { method: 'm', args: { text } } }, 'id');
    expect(decodeRequest(encoded).message.args).toEqual({ text });
  });

  test('a context key keeps its own underscores', () => {
    const ctxt = { _context_: 1, is_admin: true };
    const encoded = encodeRequest({ ctxt, message: { method: 'm', args: {} } }, 'id');
    expect(decodeRequest(encoded).ctxt).toEqual(ctxt);
  });

  test.each([
    ['2.0', true],
    ['2.0.0', true],
    ['2.1', false],
    ['2.0.1', false],
    ['3.0', false],
    ['1.9', false],
    ['2', false],
    ['two', false],
  ])('envelope version %s is readable: %s', (version, readable) => {
    const sealed = Buffer.from(JSON.stringify({ 'oslo.version': version, 'oslo.message': '{"method":"m"}' }));
    if (readable) expect(decodeRequest(sealed).message.method).toBe('m');
    else expect(() => decodeRequest(sealed)).toThrow(UnsupportedRpcEnvelopeVersion);
  });

  test.each([
    ['noise', 'garbage', 'the body is not JSON'],
    ['nothing', '', 'the body is not JSON'],
    ['a list', '[1]', 'the body is not a JSON object'],
    ['null', 'null', 'the body is not a JSON object'],
    ['a broken message', '{"oslo.version": "2.0", "oslo.message": "{"}', 'oslo.message is not JSON'],
    ['a message that is no text', '{"oslo.version": "2.0", "oslo.message": {}}', 'oslo.message is not text'],
    ['no method', '{"oslo.version": "2.0", "oslo.message": "{}"}', 'it has no method'],
    [
      'a method with the name of a novel',
      `{"method": "${'m'.repeat(256)}"}`,
      'the name of its method is too long',
    ],
    ['a version that is no text', '{"method": "m", "version": 1.1}', 'its version is not text'],
    ['a namespace that is no text', '{"method": "m", "namespace": {}}', 'its namespace is not text'],
    ['args that are a list', '{"method": "m", "args": []}', 'its args are not a JSON object'],
    ...['namespace', 'version'].map((key) => [
      `a ${key} with the length of a novel`,
      JSON.stringify({ method: 'm', [key]: '1'.repeat(256) }),
      `its ${key} is too long`,
    ]),
    ...['_reply_q', '_msg_id', '_unique_id'].map((key) => [
      `a ${key} that no peer makes`,
      JSON.stringify({ method: 'm', _msg_id: 'm', _reply_q: 'r', [key]: 'x'.repeat(256) }),
      `its ${key} is too long`,
    ]),
  ])('a request that is %s is malformed', (_what, text, reason) => {
    expect(() => decodeRequest(Buffer.from(text))).toThrow(new MalformedMessage(reason));
  });

  test('an envelope version nested however deep is refused like any other', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const sealed = Buffer.from(`{"oslo.version": ${deep}, "oslo.message": "{}"}`);
    expect(() => decodeRequest(sealed)).toThrow(UnsupportedRpcEnvelopeVersion);
  });

  test('no key sets a prototype', () => {
    const hidden = '{"version": "9.0", "is_admin": true}';
    const text = `{"method": "m", "args": {}, "__proto__": ${hidden}, "_context___proto__": ${hidden}}`;
    const { ctxt, message } = decodeRequest(Buffer.from(text));
    expect([message.version, ctxt.is_admin]).toEqual([undefined, undefined]);
  });

  test('of two keys in an envelope the last counts, as it does in Python', () => {
    const [old, recent] = ['old', 'recent'].map((method) => JSON.stringify(JSON.stringify({ method })));
    const twice = `{"oslo.version": "2.0", "oslo.message": ${old}, "oslo.message": ${recent}}`;
    expect(decodeRequest(Buffer.from(twice)).message.method).toBe('recent');
    const newer = `{"oslo.version": "2.0", "oslo.message": ${old}, "oslo.version": "3.0"}`;
    expect(() => decodeRequest(Buffer.from(newer))).toThrow(UnsupportedRpcEnvelopeVersion);
    const hidden = `{"oslo.version": "2.0", "oslo.message": ${old}, "x": "}"}`;
    expect(decodeRequest(Buffer.from(hidden)).message.method).toBe('old');
  });

  test('halves of surrogate pairs survive', () => {
    const text = '\ud83d and \ude00';
    const encoded = encodeRequest({ ctxt: {}, message: { method: 'm', args: { text } } }, 'id');
    expect(decodeRequest(encoded).message.args).toEqual({ text });
  });

  test('args however deep are read', () => {
    const deep = `{"method": "m", "args": {"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    expect(decodeRequest(Buffer.from(deep)).message.method).toBe('m');
  });

  test('a reply without a message id is malformed', () => {
    expect(() => decodeReply(seal({ result: 1 }))).toThrow(new MalformedMessage('it has no _msg_id'));
  });
});

describe('the results of a multicall', () => {
  test('carry their places, and the last message carries their number', () => {
    const sent = [
      encodeResult('m', 'u0', 'first', 0),
      encodeResult('m', 'u1', null, 1),
      encodeReply('m', 'u2', { result: null, failure: null, results: 2 }, true),
    ];
    expect(sent.map((bytes) => decodeReply(bytes))).toEqual([
      { msgId: 'm', uniqueId: 'u0', result: 'first', failure: null, ending: false, seq: 0 },
      { msgId: 'm', uniqueId: 'u1', result: null, failure: null, ending: false, seq: 1 },
      { msgId: 'm', uniqueId: 'u2', result: null, failure: null, ending: true, seq: 2 },
    ]);
  });

  test.each([-1, 1.5, '1', null, 1e300])('are malformed with the place %s', (seq) => {
    expect(() => decodeReply(sealEnvelope({ result: 1, ending: false, _msg_id: 'm', _seq: seq }))).toThrow(
      MalformedMessage,
    );
  });
});

test('a cancel message has no content', () => {
  expect(openEnvelope(encodeCancel())).toEqual({});
});

describe('a roll call', () => {
  test('names its queue, and is a cast to the interface that was called', () => {
    const body = encodeRollCall('compute.host1', 'id', { namespace: 'n', version: '3.0' });
    expect(decodeRollCall(body)).toBe('compute.host1');
    const { message, call } = decodeRequest(body);
    expect(message).toMatchObject({ namespace: 'n', version: '3.0' });
    expect(message.method).toMatch(/_ignore_errors$/);
    expect(call).toBeUndefined();
  });

  test('names no namespace where the interface has none', () => {
    const body = encodeRollCall('compute.host1', 'id', { namespace: null, version: '3.0' });
    expect(openEnvelope(body)).not.toHaveProperty('namespace');
  });

  test('without a queue is malformed', () => {
    expect(() => decodeRollCall(sealEnvelope({ method: 'm', args: {} }))).toThrow(MalformedMessage);
  });
});

test('an id is 32 hexadecimal digits, and no two are equal', () => {
  const ids = Array.from({ length: 5_000 }, uniqueId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});
