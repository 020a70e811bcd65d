import { connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sendNow, shortenWay } from './delivery.ts';

let socket: Socket;
let received: string;
let close: () => void;

beforeEach(async () => {
  received = '';
  const server = createServer((peer) => peer.on('data', (data) => (received += data)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  socket = connect(address.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  close = () => {
    socket.destroy();
    server.close();
  };
});
afterEach(() => close());

/** A channel as the library makes it, and the stream that it writes to. */
function channelOf(connection: object): { channel: Channel; way: PassThrough } {
  const way = new PassThrough();
  const channels = [null, { buffer: way }];
  return { channel: { ch: 1, connection: { ...connection, channels } } as unknown as Channel, way };
}

test('what is written to a channel in one turn is sent at its end, in one piece and in order', async () => {
  const { channel, way } = channelOf({ stream: socket });
  expect(shortenWay(channel)).toBe(true);
  const write = vi.spyOn(socket, 'write');
  way.write(Buffer.from('first '));
  way.write(Buffer.from('second'));
  expect(write).not.toHaveBeenCalled();
  await turn();
  expect(write).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(received).toBe('first second'));
});

test('it can be sent at once, with all before it', async () => {
  const { channel, way } = channelOf({ stream: socket });
  shortenWay(channel);
  const write = vi.spyOn(socket, 'write');
  way.write(Buffer.from('first '));
  way.write(Buffer.from('second'));
  sendNow(channel);
  expect(write).toHaveBeenCalledOnce();
  await turn();
  expect(write).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(received).toBe('first second'));
});

test('what a connection that has ended does not take is known not to be sent', () => {
  const { channel, way } = channelOf({ stream: socket });
  shortenWay(channel);
  way.write(Buffer.from('frame'));
  socket.destroy();
  expect(sendNow(channel)).toBe(false);
});

test('a channel that is built differently keeps its own way of writing', () => {
  const { channel, way } = channelOf({ stream: new PassThrough() });
  expect(shortenWay(channel)).toBe(false);
  way.write(Buffer.from('frame'));
  sendNow(channel);
  expect(String(way.read())).toBe('frame');
});
