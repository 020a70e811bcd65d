import type { Options } from 'amqplib';

/**
 * Writes the values of a header table (AMQP 0-9-1, 4.2.5.5, with RabbitMQ's types) that this package sends: text,
 * integers and booleans. Returns the offset behind it. The caller sees to the room: `fieldTableSize`.
 */
export function writeFieldTable(
  buffer: Buffer,
  offset: number,
  table: Readonly<Record<string, unknown>>,
): number {
  let at = offset + 4;
  for (const name in table) at = writeField(buffer, at, name, table[name]);
  buffer.writeUInt32BE(at - offset - 4, offset);
  return at;
}

/** At most so many bytes, the length before the table included. */
export function fieldTableSize(table: Readonly<Record<string, unknown>>): number {
  let size = 4;
  for (const name in table) {
    const value = table[name];
    size += 14 + name.length * 3 + (typeof value === 'string' ? value.length * 3 : 0);
  }
  return size;
}

function writeField(buffer: Buffer, offset: number, name: string, value: unknown): number {
  if (value === undefined) return offset;
  const at = writeShortText(buffer, offset, name);
  switch (typeof value) {
    case 'string':
      return writeLongText(buffer, buffer.writeUInt8(0x53, at), value);
    case 'number':
      return writeSigned64(buffer, buffer.writeUInt8(0x6c, at), value);
    case 'boolean':
      return buffer.writeUInt8(value ? 1 : 0, buffer.writeUInt8(0x74, at));
    default:
      throw new TypeError(`header ${name} is neither text, a number nor a boolean`);
  }
}

/** @throws RangeError when it is longer than 255 bytes */
export function writeShortText(buffer: Buffer, offset: number, text: string): number {
  const length = buffer.write(text, offset + 1);
  buffer.writeUInt8(length, offset);
  return offset + 1 + length;
}

function writeLongText(buffer: Buffer, offset: number, text: string): number {
  const length = buffer.write(text, offset + 4);
  return buffer.writeUInt32BE(length, offset) + length;
}

function writeSigned64(buffer: Buffer, offset: number, value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`header value ${value} is not a whole number`);
  const low = ((value % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000;
  const high = (value - low) / 0x1_0000_0000;
  return buffer.writeUInt32BE(low, buffer.writeInt32BE(high, offset));
}

/** Of AMQP 0-9-1: frame types, and what ends each frame. */
export const METHOD_FRAME = 1;
const HEADER_FRAME = 2;
const BODY_FRAME = 3;
export const FRAME_END = 0xce;
export const FRAME_HEAD_SIZE = 7;
/** Of a frame, beside its payload. */
export const FRAME_OVERHEAD = FRAME_HEAD_SIZE + 1;

const BASIC_CLASS = 60;
const PUBLISH_METHOD = 40;

/** Which properties follow: a bit for each, in the order of their values. */
const FLAGS = {
  contentType: 0x8000,
  contentEncoding: 0x4000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
  type: 0x0020,
} as const;

/** The frame of `basic.publish`, which is the same for all messages of a route. */
export function publishFrame(
  channel: number,
  exchange: string,
  routingKey: string,
  mandatory: boolean,
): Buffer {
  const size = 9 + Buffer.byteLength(exchange) + Buffer.byteLength(routingKey);
  const frame = Buffer.alloc(size + FRAME_OVERHEAD, FRAME_END);
  let at = writeFrameHead(frame, 0, METHOD_FRAME, channel, size);
  at = frame.writeUInt16BE(BASIC_CLASS, at);
  at = frame.writeUInt16BE(PUBLISH_METHOD, at);
  // Reserved.
  at = frame.writeUInt16BE(0, at);
  at = writeShortText(frame, at, exchange);
  at = writeShortText(frame, at, routingKey);
  frame.writeUInt8(mandatory ? 1 : 0, at);
  return frame;
}

/** At most so many bytes does the header frame with these properties take. */
export function headerFrameSize(properties: Options.Publish): number {
  const { contentType, contentEncoding, headers, correlationId, replyTo, expiration, type } = properties;
  let size = FRAME_OVERHEAD + 14 + 2;
  if (headers !== undefined) size += fieldTableSize(headers);
  size += shortTextSize(contentType) + shortTextSize(contentEncoding) + shortTextSize(correlationId);
  return size + shortTextSize(replyTo) + shortTextSize(expiration) + shortTextSize(type);
}

function shortTextSize(text: unknown): number {
  return typeof text === 'string' ? 1 + text.length * 3 : 0;
}

/** Writes the header frame: size and properties. Returns the offset behind it. */
export function writeHeaderFrame(
  buffer: Buffer,
  offset: number,
  channel: number,
  bodySize: number,
  properties: Options.Publish,
): number {
  const start = offset + FRAME_HEAD_SIZE;
  let at = buffer.writeUInt16BE(BASIC_CLASS, start);
  at = buffer.writeUInt16BE(0, at);
  at = buffer.writeUInt32BE(0, at);
  at = buffer.writeUInt32BE(bodySize, at);
  at = writeProperties(buffer, at, properties);
  writeFrameHead(buffer, offset, HEADER_FRAME, channel, at - start);
  return buffer.writeUInt8(FRAME_END, at);
}

function writeProperties(buffer: Buffer, offset: number, properties: Options.Publish): number {
  const { contentType, contentEncoding, headers, deliveryMode, priority } = properties;
  const { correlationId, replyTo, expiration, type } = properties;
  let flags = 0;
  let at = offset + 2;
  const text = (value: unknown, flag: number): void => {
    if (typeof value !== 'string') return;
    flags |= flag;
    at = writeShortText(buffer, at, value);
  };
  text(contentType, FLAGS.contentType);
  text(contentEncoding, FLAGS.contentEncoding);
  if (headers !== undefined) {
    flags |= FLAGS.headers;
    at = writeFieldTable(buffer, at, headers);
  }
  if (typeof deliveryMode === 'number') {
    flags |= FLAGS.deliveryMode;
    at = buffer.writeUInt8(deliveryMode, at);
  }
  if (priority !== undefined) {
    flags |= FLAGS.priority;
    at = buffer.writeUInt8(priority, at);
  }
  text(correlationId, FLAGS.correlationId);
  text(replyTo, FLAGS.replyTo);
  text(expiration, FLAGS.expiration);
  text(type, FLAGS.type);
  buffer.writeUInt16BE(flags, offset);
  return at;
}

/** Writes the head of a body frame; the body and FRAME_END follow it. */
export function writeBodyFrameHead(buffer: Buffer, offset: number, channel: number, size: number): number {
  return writeFrameHead(buffer, offset, BODY_FRAME, channel, size);
}

function writeFrameHead(buffer: Buffer, offset: number, type: number, channel: number, size: number): number {
  let at = buffer.writeUInt8(type, offset);
  at = buffer.writeUInt16BE(channel, at);
  return buffer.writeUInt32BE(size, at);
}
