import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type Socket } from 'node:net';
import type { Channel, Options } from 'amqplib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../logger.ts';
import { RecordingLogger } from '../../../test/recording-logger.ts';
import { FrameWriter } from './frame-writer.ts';

/** The library's own encoders, for comparison: not part of its interface, so found by their path. */
const require = createRequire(import.meta.url);
const library = require.resolve('amqplib').replace(/channel_api\.js$/, 'lib/');
const defs = require(`${library}defs.js`);
const { makeBodyFrame } = require(`${library}frame.js`);
const Args = require(`${library}api_args.js`);

const CHANNEL = 7;
const FRAME_MAX = 131_072;

let socket: Socket;
let received: Buffer;
let receiver: Socket;
let close: () => void;

beforeEach(async () => {
  received = Buffer.alloc(0);
  const server = createServer((peer) => {
    receiver = peer;
    peer.on('data', (data) => {
      received = Buffer.concat([received, data]);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  socket = connect(address.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await vi.waitFor(() => expect(receiver).toBeDefined());
  close = () => {
    socket.destroy();
    receiver.destroy();
    server.close();
  };
});
afterEach(() => close());

/** As the library writes it. */
function expected(exchange: string, routingKey: string, body: Buffer, options: Options.Publish): Buffer {
  const fields = Args.publish(exchange, routingKey, options);
  const frames: Buffer[] = [
    defs.encodeMethod(defs.BasicPublish, CHANNEL, fields),
    defs.encodeProperties(defs.BasicProperties, CHANNEL, body.length, fields),
  ];
  const size = FRAME_MAX - 8;
  for (let at = 0; at < body.length; at += size) {
    frames.push(makeBodyFrame(CHANNEL, body.subarray(at, at + size)));
  }
  return Buffer.concat(frames);
}

const PLAIN: Options.Publish = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  deliveryMode: 2,
  priority: 0,
  headers: {},
};

test.each<[string, string, string, Buffer, Options.Publish]>([
  ['a call', 'nova', 'conductor', Buffer.from('{"a":1}'), { ...PLAIN, mandatory: true, expiration: '60000' }],
  ['an empty body', '', 'reply_1', Buffer.alloc(0), PLAIN],
  ['names beyond ASCII', 'größe', 'schlüssel.🦊', Buffer.from('"ü"'), PLAIN],
  [
    'headers',
    'e',
    'k',
    Buffer.from('x'),
    { ...PLAIN, headers: { 'x-sent-at': 1795230000000, why: 'näh', yes: true } },
  ],
  [
    'further properties',
    '',
    'q',
    Buffer.from('x'),
    { ...PLAIN, type: 'cancel', correlationId: 'c', replyTo: 'r' },
  ],
  ['a body that is not copied', 'e', 'k', Buffer.alloc(20_000, 'b'), PLAIN],
  ['a body of several frames', 'e', 'k', Buffer.alloc(300_000, 'c'), PLAIN],
])('%s is written as the library writes it', async (_what, exchange, routingKey, body, options) => {
  const writer = new FrameWriter(CHANNEL, socket, FRAME_MAX, () => {});
  writer.publish(exchange, routingKey, body, options);
  const bytes = expected(exchange, routingKey, body, options);
  await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(bytes.length));
  expect(received.equals(bytes)).toBe(true);
});

test('messages of many sizes arrive whole and in order, also across slabs', async () => {
  const writer = new FrameWriter(CHANNEL, socket, FRAME_MAX, () => {});
  const bodies = Array.from({ length: 400 }, (_, index) => Buffer.alloc((index * 997) % 33_000, index % 256));
  for (const [index, body] of bodies.entries()) writer.publish('e', `key-${index % 5}`, body, PLAIN);
  const bytes = Buffer.concat(bodies.map((body, index) => expected('e', `key-${index % 5}`, body, PLAIN)));
  await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(bytes.length));
  expect(received.equals(bytes)).toBe(true);
});

test('what is published in one turn of the event loop is one write', () => {
  const write = vi.spyOn(socket, 'write');
  const writer = new FrameWriter(CHANNEL, socket, FRAME_MAX, () => {});
  for (let count = 0; count < 50; count += 1) writer.publish('e', 'k', Buffer.from('x'), PLAIN);
  expect(write).not.toHaveBeenCalled();
  writer.flush();
  expect(write).toHaveBeenCalledTimes(1);
});

test('a full socket is reported, and so is its emptying', async () => {
  receiver.pause();
  const onDrain = vi.fn();
  const writer = new FrameWriter(CHANNEL, socket, FRAME_MAX, onDrain);
  const body = Buffer.alloc(100_000, 'x');
  let published = 0;
  while (writer.publish('e', 'k', body, PLAIN)) {
    published += 1;
    // What the kernel buffers is not in the socket's own buffer.
    await new Promise((resolve) => setImmediate(resolve));
    if (published > 1000) throw new Error('never full');
  }
  expect(onDrain).not.toHaveBeenCalled();
  receiver.resume();
  await vi.waitFor(() => expect(onDrain).toHaveBeenCalledTimes(1));
  expect(writer.publish('e', 'k', Buffer.from('x'), PLAIN)).toBe(true);
});

test('a name that is too long is refused, and nothing of the message is sent', async () => {
  const writer = new FrameWriter(CHANNEL, socket, FRAME_MAX, () => {});
  expect(() => writer.publish('e', 'k'.repeat(256), Buffer.from('x'), PLAIN)).toThrow(RangeError);
  expect(() => writer.publish('e', 'k', Buffer.from('x'), { ...PLAIN, type: 't'.repeat(300) })).toThrow(
    RangeError,
  );
  expect(() => writer.publish('e', 'k', Buffer.from('x'), { ...PLAIN, headers: { odd: {} } })).toThrow(
    TypeError,
  );
  writer.publish('e', 'k', Buffer.from('y'), PLAIN);
  const bytes = expected('e', 'k', Buffer.from('y'), PLAIN);
  await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(bytes.length));
  expect(received.equals(bytes)).toBe(true);
});

test('what was not sent when the channel closes is not sent at all', async () => {
  const fields = { ch: CHANNEL, connection: { stream: socket, frameMax: FRAME_MAX } };
  const channel = Object.assign(new EventEmitter(), fields) as unknown as Channel;
  const writer = FrameWriter.of(channel, () => {}, silentLogger);
  writer?.publish('e', 'k', Buffer.from('late'), PLAIN);
  channel.emit('close');
  const next = new FrameWriter(CHANNEL, socket, FRAME_MAX, () => {});
  next.publish('e', 'k', Buffer.from('next'), PLAIN);
  const bytes = expected('e', 'k', Buffer.from('next'), PLAIN);
  await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(bytes.length));
  expect(received.equals(bytes)).toBe(true);
});

test('a library that is built differently gives no writer, and one log line for each connection', () => {
  const logger = new RecordingLogger();
  const connection = { stream: socket };
  for (const ch of [1, 2]) {
    const channel = Object.assign(new EventEmitter(), { ch, connection }) as unknown as Channel;
    expect(FrameWriter.of(channel, () => {}, logger)).toBeUndefined();
  }
  expect(logger.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('slower way') }]);
});

test('what is sent at once does not overtake what another channel of the connection wrote before', async () => {
  const cast = new FrameWriter(1, socket, FRAME_MAX, () => {});
  const call = new FrameWriter(2, socket, FRAME_MAX, () => {});
  cast.publish('nova', 'conductor', Buffer.from('"first"'), PLAIN);
  call.publish('nova', 'conductor', Buffer.from('"second"'), PLAIN);
  call.flush();
  cast.publish('nova', 'conductor', Buffer.from('"third"'), PLAIN);
  await vi.waitFor(() => expect(received.toString('latin1')).toMatch(/"first".*"second".*"third"/s));
});
